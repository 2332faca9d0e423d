-- Recipients that were left out because they are suppressed, and those that complained.
alter table usage add column emails_suppressed bigint not null default 0;
alter table usage add column emails_complained bigint not null default 0;

-- To whom a tenant's mail does not go any more.
create table suppressions (
    id         varchar     primary key,
    tenant_id  varchar     not null,
    address    varchar     not null,
    reason     varchar     not null,
    email_id   varchar,
    created_at timestamptz not null,
    position   bigint      not null
);
create index suppressions_tenant_index on suppressions (tenant_id, position desc);
insert into inline_versions (projection, version, grown_at) values ('suppressions', 1, now());

-- Up to where the log was searched for recipients to suppress: what bounced before this version does not count.
create table suppression_cursor (
    only_one boolean primary key default true check (only_one),
    position bigint  not null
);
insert into suppression_cursor (position) select position from log_head;
