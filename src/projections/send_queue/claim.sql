with recursive later(tenant_id) as (
    (select tenant_id from send_queue where tenant_id > $4
     order by tenant_id limit 1)
  union all
    select (select q.tenant_id from send_queue q where q.tenant_id > l.tenant_id
            order by q.tenant_id limit 1)
    from later l where l.tenant_id is not null
), sooner(tenant_id) as (
    (select tenant_id from send_queue where tenant_id <= $4
     order by tenant_id limit 1)
  union all
    select (select q.tenant_id from send_queue q
            where q.tenant_id > s.tenant_id and q.tenant_id <= $4
            order by q.tenant_id limit 1)
    from sooner s where s.tenant_id is not null
), waiting as (
    select tenant_id from later union all select tenant_id from sooner
), due as materialized (
    select d.email_id
    from waiting w
    cross join lateral (
        select from tenants t where t.id = w.tenant_id and t.status = 'active' offset 0
    ) active
    cross join lateral (
        select q.email_id from send_queue q
        where q.tenant_id = w.tenant_id and q.due_at <= $2
          and (q.lease is null or q.leased_until <= $2)
          and not (q.email_id = any($8))
        order by q.priority, q.due_at, q.email_id
        limit $6 for update skip locked
    ) d
    where not (w.tenant_id = any($5))
    limit $7
)
update send_queue q set lease = $1, leased_until = $3, fence = q.fence + 1
from due where q.email_id = due.email_id
returning q.tenant_id, q.email_id, q.fence
