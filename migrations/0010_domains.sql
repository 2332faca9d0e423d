-- The domains that tenants have added, in step with the log.
create table domains (
    id          varchar     primary key,
    tenant_id   varchar     not null,
    name        varchar     not null,
    keys        jsonb       not null,
    found       varchar[]   not null,
    lost        varchar[]   not null,
    verified_at timestamptz,
    deleted_at  timestamptz,
    version     bigint      not null,
    created_at  timestamptz not null
);
create index domains_tenant_index on domains (tenant_id, id) where deleted_at is null;

insert into inline_versions (projection, version, grown_at) values ('domains', 1, now());

-- When each domain was looked up last, and when it is again: an observation, not a fact.
create table domain_checks (
    domain_id  varchar     primary key,
    tenant_id  varchar     not null,
    due_at     timestamptz not null,
    checked_at timestamptz,
    trouble    varchar
);
create index domain_checks_due_index on domain_checks (due_at);
