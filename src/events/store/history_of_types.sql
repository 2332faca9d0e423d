select e.position, e.tenant_id, e.stream_id, e.version, e.event_id, e.type as name, e.schema,
       e.payload::text as "payload!", e.metadata::text as "metadata!", e.recorded_at
from (
    -- Each type's next facts, from the index alone; the first of all of them are the page. As rows: else
    -- Postgres may walk the whole log in its order and leave out whatever is another's.
    select next.position
    from unnest($2::varchar[]) as wanted(type)
    cross join lateral (
        select t.position from events t
        where (t.tenant_id, t.type, t.position) > ($1, wanted.type, $3)
          and (t.tenant_id, t.type, t.position) <= ($1, wanted.type, $4)
          and ($5::timestamptz is null or t.recorded_at >= $5)
          and ($6::timestamptz is null or t.recorded_at < $6)
        order by t.tenant_id, t.type, t.position limit $7
    ) next
    order by next.position limit $7
) page
join events e on e.position = page.position
order by e.position
