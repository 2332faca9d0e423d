with head as (
    update log_head set position = $1 returning pg_notify($2, $3)
), contents as (
    insert into email_contents (tenant_id, digest, sealed, uses, created_at, last_used_at)
    select c.tenant_id, c.digest, c.sealed, c.uses, $14, $14
    from unnest($15::varchar[], $16::varchar[], $17::bytea[], $26::int[])
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
    from unnest($18::varchar[], $19::date[], $20::bigint[]) as q(tenant_id, day, used)
    on conflict (tenant_id, day) do update set used = excluded.used
), kept as (
    insert into receipts (scope, key, request, answer, created_at)
    select r.scope, r.key, r.request, r.answer, r.created_at
    from unnest($21::varchar[], $22::varchar[], $23::varchar[], $24::bytea[], $25::timestamptz[])
      as r(scope, key, request, answer, created_at)
    on conflict (scope, key) do update
    set request = excluded.request, answer = excluded.answer, created_at = excluded.created_at
), noticed as (
    -- Postgres runs what changes tables in any case, but notifies only for rows that somebody reads.
    select count(*) from head
)
insert into events (position, tenant_id, stream_id, version, event_id, type, schema, payload, metadata,
                    recorded_at)
select f.position, f.tenant_id, f.stream_id, f.version, f.event_id, f.type, f.schema,
       f.payload::json, f.metadata::json, f.recorded_at
from unnest($4::bigint[], $5::varchar[], $6::varchar[], $7::bigint[], $8::uuid[], $9::varchar[],
            $10::smallint[], $11::text[], $12::text[], $13::timestamptz[])
  as f(position, tenant_id, stream_id, version, event_id, type, schema, payload, metadata, recorded_at)
where (select count from noticed) >= 0
