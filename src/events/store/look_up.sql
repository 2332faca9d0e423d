-- The head of the log. Whoever changes anything that is looked up here makes a new row of it, which has
-- another xmin: by that is seen whether the rest still holds.
select 'head' as "what!", xmin::text::bigint as "place!", position as "number!",
       null::varchar as name, closed_until as at, null::bytea as answer
from log_head
union all
-- Each row is found by the whole of its key and by nothing else, however Postgres sees its tables: `offset 0`
-- keeps it from looking for the rows first and for the keys among them.
select 'version', 0, v.version, s.stream_id, null, null
from unnest($1::varchar[]) as s(stream_id)
cross join lateral (
    select e.version from events e where e.stream_id = s.stream_id order by e.version desc limit 1
) v
union all
select 'quota', w.place, q.used, null, null, null
from unnest($2::varchar[], $3::date[]) with ordinality as w(tenant_id, day, place)
cross join lateral (
    select d.used from daily_quotas d where d.tenant_id = w.tenant_id and d.day = w.day offset 0
) q
union all
select 'key', w.place, (k.wrapped is not null)::int, null, null, null
from unnest($4::varchar[]) with ordinality as w(tenant_id, place)
cross join lateral (
    select t.wrapped from tenant_keys t where t.tenant_id = w.tenant_id offset 0
) k
union all
select 'claim', w.place, 0, c.owner, null, null
from unnest($5::varchar[], $6::varchar[]) with ordinality as w(kind, name, place)
cross join lateral (
    select o.owner from claims o where o.kind = w.kind and o.name = w.name offset 0
) c
union all
select 'receipt', w.place, 0, r.request, r.created_at, r.answer
from unnest($7::varchar[], $8::varchar[]) with ordinality as w(scope, key, place)
cross join lateral (
    select g.request, g.created_at, g.answer from receipts g
    where g.scope = w.scope and g.key = w.key offset 0
) r
