select position, tenant_id, stream_id, version, event_id, type as name, schema,
       payload::text as "payload!", metadata::text as "metadata!", recorded_at
from events
-- As rows: else Postgres may walk the whole log in its order and leave out whatever is another's.
where (tenant_id, position) > ($1, $2) and (tenant_id, position) <= ($1, $3)
order by tenant_id, position limit $4
