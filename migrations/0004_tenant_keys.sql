-- The key of this installation, wrapped by the operator's secret: a row for each secret that opens it.
create table root_key_wraps (
    secret     varchar     primary key,
    wrapped    bytea       not null,
    created_at timestamptz not null
);

-- The key of each tenant, wrapped by the installation's. Without `wrapped` it is destroyed for good: the
-- row stays, so that nobody makes a new one.
create table tenant_keys (
    tenant_id    varchar     primary key,
    wrapped      bytea,
    created_at   timestamptz not null,
    destroyed_at timestamptz,
    -- When the last of what the key's tenant had left beside the log was deleted.
    swept_at     timestamptz
);
create index tenant_keys_unswept_index on tenant_keys (tenant_id)
    where wrapped is null and swept_at is null;

-- How many emails have these contents, none if they were not counted yet; and when the last was accepted.
alter table email_contents add column uses integer;
alter table email_contents add column last_used_at timestamptz not null default now();
create index email_contents_last_used_index on email_contents (last_used_at);
