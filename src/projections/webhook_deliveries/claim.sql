with recursive later(webhook_id) as (
    (select webhook_id from webhook_deliveries where status = 'pending' and webhook_id > $4
     order by webhook_id limit 1)
  union all
    select (select d.webhook_id from webhook_deliveries d
            where d.status = 'pending' and d.webhook_id > l.webhook_id
            order by d.webhook_id limit 1)
    from later l where l.webhook_id is not null
), sooner(webhook_id) as (
    (select webhook_id from webhook_deliveries where status = 'pending' and webhook_id <= $4
     order by webhook_id limit 1)
  union all
    select (select d.webhook_id from webhook_deliveries d
            where d.status = 'pending' and d.webhook_id > s.webhook_id and d.webhook_id <= $4
            order by d.webhook_id limit 1)
    from sooner s where s.webhook_id is not null
), waiting as (
    select webhook_id from later union all select webhook_id from sooner
), due as materialized (
    select d.id, w.url, w.secret, w.former_secret, w.former_until
    from waiting
    cross join lateral (
        select h.id, h.url, h.secret, h.former_secret, h.former_until
        from webhooks h join tenants t on t.id = h.tenant_id and t.status <> 'deleted'
        where h.id = waiting.webhook_id and h.active offset 0
    ) w
    cross join lateral (
        select d.id from webhook_deliveries d
        where d.webhook_id = w.id and d.status = 'pending'
          and coalesce(d.next_attempt_at, d.created_at) <= $2
          and (d.lease is null or d.leased_until <= $2)
          and not (d.id = any($8))
        order by coalesce(d.next_attempt_at, d.created_at), d.id
        limit coalesce((select r.room from unnest($5::varchar[], $6::bigint[]) as r(id, room)
                        where r.id = w.id), $7)
        for update skip locked
    ) d
    limit $9
)
update webhook_deliveries d set lease = $1, leased_until = $3
from due where d.id = due.id
returning d.id, d.tenant_id, d.webhook_id, d.email_id, d.recipient, d.kind, d.position, d.attempts,
          due.url, due.secret, due.former_secret, due.former_until
