-- The templates of a tenant as they are now. A name belongs to one of them by a claim.
create table templates (
    id         varchar     primary key,
    tenant_id  varchar     not null,
    name       varchar     not null,
    version    bigint      not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index templates_tenant_index on templates (tenant_id, id);
create index templates_name_index on templates (tenant_id, name);

-- Each version as a whole, as long as its template is there.
create table template_versions (
    template_id varchar     not null,
    version     bigint      not null,
    tenant_id   varchar     not null,
    name        varchar     not null,
    subject     varchar,
    html        varchar,
    text        varchar,
    created_at  timestamptz not null,
    constraint template_versions_pkey primary key (template_id, version)
);

insert into inline_versions (projection, version, grown_at) values ('templates', 1, now());
