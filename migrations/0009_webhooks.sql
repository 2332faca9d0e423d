-- Webhooks as they are now; `failing_since` is what the work on them saw, and no fact.
create table webhooks (
    id            varchar     primary key,
    tenant_id     varchar     not null,
    url           varchar     not null,
    events        varchar[]   not null,
    active        boolean     not null,
    secret        varchar     not null,
    former_secret varchar,
    former_until  timestamptz,
    disabled_at   timestamptz,
    version       bigint      not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    failing_since timestamptz
);
create index webhooks_tenant_index on webhooks (tenant_id, id);
insert into inline_versions (projection, version, grown_at) values ('webhooks', 1, now());

-- Who is to be told what, as far as the follower has read the log.
create table webhook_subscriptions (
    webhook_id varchar   primary key,
    tenant_id  varchar   not null,
    events     varchar[] not null,
    active     boolean   not null
);
create index webhook_subscriptions_tenant_index on webhook_subscriptions (tenant_id);

-- What is to be told, and what came of it. All from `status` on is work state.
create table webhook_deliveries (
    id              varchar     primary key,
    tenant_id       varchar     not null,
    webhook_id      varchar     not null,
    email_id        varchar     not null,
    recipient       varchar     not null,
    kind            varchar     not null,
    position        bigint      not null,
    created_at      timestamptz not null,
    status          varchar     not null default 'pending',
    attempts        integer     not null default 0,
    next_attempt_at timestamptz,
    attempted_at    timestamptz,
    latency_ms      integer,
    response_status integer,
    response_body   varchar,
    error           varchar,
    lease           uuid,
    leased_until    timestamptz
);
create index webhook_deliveries_turn_index
    on webhook_deliveries (webhook_id, coalesce(next_attempt_at, created_at), id) where status = 'pending';
create index webhook_deliveries_log_index on webhook_deliveries (webhook_id, position desc, id desc);
create index webhook_deliveries_tenant_index on webhook_deliveries (tenant_id);
