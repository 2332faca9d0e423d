-- Requests in a window of time, counted together by all nodes.
create table request_windows (
    tenant_id varchar not null,
    window_start bigint not null,
    window_seconds bigint not null,
    used bigint not null,
    constraint request_windows_pkey primary key (tenant_id, window_start, window_seconds)
);
create index request_windows_start_index on request_windows (window_start);

-- Authenticated requests of a UTC day, and how many of them are facts already.
create table request_counts (
    tenant_id varchar not null,
    day date not null,
    requests bigint not null,
    recorded bigint not null default 0,
    constraint request_counts_pkey primary key (tenant_id, day)
);
create index request_counts_unrecorded_index on request_counts (day, tenant_id) where requests > recorded;
