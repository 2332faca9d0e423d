-- The log: what happened, once and for ever; everything below it can be grown again from here.
create table events (
    position    bigint      primary key,
    tenant_id   varchar,
    stream_id   varchar     not null,
    version     bigint      not null,
    event_id    uuid        not null,
    type        varchar     not null,
    schema      smallint    not null,
    payload     json        not null,
    metadata    json        not null,
    recorded_at timestamptz not null,
    constraint events_stream_version_unique unique (stream_id, version)
);
create index events_tenant_position_index on events (tenant_id, position);

-- The one row at which writers take turns.
create table log_head (
    only_one boolean primary key default true check (only_one),
    position bigint  not null
);
insert into log_head (position) values (0);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the log is append-only: % of % is refused', tg_op, tg_table_name
        using errcode = 'insufficient_privilege';
end $$;
create trigger events_append_only before update or delete or truncate on events
    for each statement execute function refuse_change();
alter table events enable always trigger events_append_only;

-- Names that only one may have at a time.
create table claims (
    kind  varchar not null,
    name  varchar not null,
    owner varchar not null,
    constraint claims_pkey primary key (kind, name)
);

-- Answers given to a request with an Idempotency-Key, sealed.
create table receipts (
    scope      varchar     not null,
    key        varchar     not null,
    request    varchar     not null,
    answer     bytea       not null,
    created_at timestamptz not null,
    constraint receipts_pkey primary key (scope, key)
);
create index receipts_created_at_index on receipts (created_at);

-- What a tenant used of its daily allowance.
create table daily_quotas (
    tenant_id varchar not null,
    day       date    not null,
    used      bigint  not null,
    constraint daily_quotas_pkey primary key (tenant_id, day)
);

-- Bodies and attachments, sealed: not facts, so that they can be forgotten.
create table email_contents (
    tenant_id  varchar     not null,
    digest     varchar     not null,
    sealed     bytea       not null,
    created_at timestamptz not null,
    constraint email_contents_pkey primary key (tenant_id, digest)
);
alter table email_contents alter column sealed set storage external;

-- How far each projector has come.
create table projection_cursors (
    projection varchar     primary key,
    version    integer     not null,
    position   bigint      not null,
    trouble    varchar,
    updated_at timestamptz not null
);

create table tenants (
    id             varchar     primary key,
    name           varchar     not null,
    domain         varchar,
    settings       jsonb       not null,
    smtp_config    jsonb,
    rate_limit     jsonb       not null,
    status         varchar     not null,
    version        bigint      not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null
);
create index tenants_domain_index on tenants (domain);
create index tenants_deleted_index on tenants (id) where status = 'deleted';

create table api_keys (
    id              varchar     primary key,
    tenant_id       varchar,
    name            varchar     not null,
    key_hash        varchar     not null,
    prefix          varchar     not null,
    permissions     varchar[]   not null,
    allowed_domains varchar[],
    expires_at      timestamptz,
    revoked_at      timestamptz,
    version         bigint      not null,
    created_at      timestamptz not null
);
create unique index api_keys_hash_unique on api_keys (key_hash) where revoked_at is null;
create index api_keys_tenant_index on api_keys (tenant_id, id);

-- When a key was used last, to the minute: an observation, not a fact.
create table api_key_uses (
    key_id       varchar     primary key,
    last_used_at timestamptz not null
);

-- What is due for delivery: work state, grown from the log.
create table send_queue (
    email_id    varchar     primary key,
    tenant_id   varchar     not null,
    priority    smallint    not null,
    due_at      timestamptz not null,
    pending     integer     not null,
    lease       uuid,
    leased_until timestamptz,
    -- Counts the claims: whoever comes with a lower one has lost the email to another.
    fence       integer     not null default 0
);
create index send_queue_turn_index on send_queue (tenant_id, priority, due_at, email_id);
create index send_queue_lease_index on send_queue (leased_until) where lease is not null;

create table emails (
    id              varchar     primary key,
    tenant_id       varchar     not null,
    sender          varchar     not null,
    sender_address  varchar     not null,
    subject         varchar     not null,
    status          varchar     not null,
    priority        varchar     not null,
    tags            varchar[]   not null,
    metadata        jsonb       not null,
    reply_to        varchar,
    attempts        integer     not null,
    next_attempt_at timestamptz,
    last_error      varchar,
    scheduled_at    timestamptz,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    position        bigint      not null
);
create index emails_tenant_index on emails (tenant_id, position desc);
create index emails_tenant_status_index on emails (tenant_id, status, position desc);
create index emails_tags_index on emails using gin (tags);

create table email_recipients (
    email_id   varchar     not null,
    tenant_id  varchar     not null,
    address    varchar     not null,
    kind       varchar     not null,
    name       varchar,
    status     varchar     not null,
    code       integer,
    message    varchar,
    updated_at timestamptz not null,
    position   bigint      not null,
    place      integer     not null,
    constraint email_recipients_pkey primary key (email_id, address)
);
create index email_recipients_address_index on email_recipients (tenant_id, address, position desc);

create table email_timeline (
    email_id varchar     not null,
    position bigint      not null,
    tenant_id varchar    not null,
    type     varchar     not null,
    at       timestamptz not null,
    details  jsonb       not null,
    constraint email_timeline_pkey primary key (email_id, position)
);
create index email_timeline_tenant_index on email_timeline (tenant_id, position desc);

create table usage (
    tenant_id        varchar not null,
    day              date    not null,
    emails_sent      bigint  not null default 0,
    emails_delivered bigint  not null default 0,
    emails_bounced   bigint  not null default 0,
    emails_failed    bigint  not null default 0,
    emails_cancelled bigint  not null default 0,
    api_requests     bigint  not null default 0,
    constraint usage_pkey primary key (tenant_id, day)
);

-- How a tenant's relay did last: an observation of the delivery, not a fact.
create table relay_health (
    tenant_id varchar     primary key,
    healthy   boolean     not null,
    message   varchar,
    since     timestamptz not null
);
