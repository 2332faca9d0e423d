-- Only while the row of the head that was looked up is still there, streams that nobody has looked up are where
-- they were taken to be, no request was answered before under its key, and nobody holds the turn: who waited for
-- it here would hold the tables below against whoever has it.
with elsewhere as (
    select from unnest($29::varchar[], $30::bigint[]) as s(stream_id, version)
    left join lateral (
        select e.version from events e where e.stream_id = s.stream_id order by e.version desc limit 1
    ) v on true
    where coalesce(v.version, 0) <> s.version
), answered as (
    select from unnest($31::varchar[], $32::varchar[]) as w(scope, key)
    cross join lateral (
        select g.created_at from receipts g where g.scope = w.scope and g.key = w.key offset 0
    ) r
    where r.created_at > $28
), head as materialized (
    select position from log_head
    where xmin::text::bigint = $1
      and not exists (select from elsewhere) and not exists (select from answered)
    for update skip locked
), moved as (
    update log_head set position = $2 from head returning pg_notify($3, $4)
), contents as (
    insert into email_contents (tenant_id, digest, sealed, uses, created_at, last_used_at)
    select c.tenant_id, c.digest, c.sealed, c.uses, $15, $15
    from head, unnest($16::varchar[], $17::varchar[], $18::bytea[], $19::int[])
      as c(tenant_id, digest, sealed, uses)
    -- The last use is coarse, so that the same contents in every turn do not change the index every time.
    on conflict (tenant_id, digest) do update
    set uses = email_contents.uses + excluded.uses,
        last_used_at = case
            when excluded.last_used_at > email_contents.last_used_at + interval '1 hour'
            then excluded.last_used_at
            else email_contents.last_used_at
        end
), quotas as (
    insert into daily_quotas (tenant_id, day, used)
    select q.tenant_id, q.day, q.used
    from head, unnest($20::varchar[], $21::date[], $22::bigint[]) as q(tenant_id, day, used)
    on conflict (tenant_id, day) do update set used = excluded.used
), kept as (
    insert into receipts (scope, key, request, answer, created_at)
    select r.scope, r.key, r.request, r.answer, r.created_at
    from head,
         unnest($23::varchar[], $24::varchar[], $25::varchar[], $26::bytea[], $27::timestamptz[])
           as r(scope, key, request, answer, created_at)
    on conflict (scope, key) do update
    set request = excluded.request, answer = excluded.answer, created_at = excluded.created_at
), recorded as (
    insert into events (position, tenant_id, stream_id, version, event_id, type, schema, payload, metadata,
                        recorded_at)
    select f.position, f.tenant_id, f.stream_id, f.version, f.event_id, f.type, f.schema,
           f.payload::json, f.metadata::json, f.recorded_at
    from head,
         unnest($5::bigint[], $6::varchar[], $7::varchar[], $8::bigint[], $9::uuid[], $10::varchar[],
                $11::smallint[], $12::text[], $13::text[], $14::timestamptz[])
           as f(position, tenant_id, stream_id, version, event_id, type, schema, payload, metadata,
                recorded_at)
)
-- going along
-- Postgres runs what changes tables in any case, but notifies only for rows that somebody reads.
select pg_current_xact_id()::xid::text::bigint from moved
