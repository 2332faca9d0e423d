-- What each tenant used on each UTC day, counted from the facts alone, beside what `usage` says of it.
with counted as (
    select e.tenant_id,
           (e.recorded_at at time zone 'UTC')::date as day,
           coalesce(sum(case e.schema when 1
                        then json_array_length(e.payload->'to')
                             + coalesce(json_array_length(e.payload->'cc'), 0)
                             + coalesce(json_array_length(e.payload->'bcc'), 0)
                        else (e.payload->'recipients'->>'to')::int
                             + coalesce((e.payload->'recipients'->>'cc')::int, 0)
                             + coalesce((e.payload->'recipients'->>'bcc')::int, 0) end)
                    filter (where e.type = 'email.accepted'), 0) as sent,
           -- Who bounces after all was counted as delivered before.
           count(*) filter (where e.type = 'email.recipient_delivered')
             - count(*) filter (where e.type = 'email.bounce_received') as delivered,
           count(*) filter (where e.type in ('email.recipient_bounced', 'email.bounce_received'))
               as bounced,
           count(*) filter (where e.type = 'email.recipient_failed') as failed,
           coalesce(sum(json_array_length(e.payload->'recipients'))
                    filter (where e.type = 'email.cancelled'), 0) as cancelled,
           coalesce(sum((e.payload->>'requests')::bigint)
                    filter (where e.type = 'usage.api_requests_counted'), 0) as requests,
           count(*) filter (where e.type = 'email.recipient_suppressed') as suppressed,
           count(*) filter (where e.type = 'email.complaint_received') as complained
    from events e
    where e.position <= $2 and ($1::varchar is null or e.tenant_id = $1)
      and e.type in ('email.accepted', 'email.recipient_delivered', 'email.recipient_bounced',
                     'email.recipient_failed', 'email.cancelled', 'usage.api_requests_counted',
                     'email.recipient_suppressed', 'email.bounce_received',
                     'email.complaint_received')
    group by 1, 2
), told as (
    select tenant_id, day, emails_sent, emails_delivered, emails_bounced, emails_failed,
           emails_cancelled, api_requests, emails_suppressed, emails_complained
    from usage where $1::varchar is null or tenant_id = $1
)
select tenant_id as "tenant!", day as "day!",
       array[emails_sent, emails_delivered, emails_bounced, emails_failed, emails_cancelled,
             api_requests, emails_suppressed, emails_complained]::bigint[] as "told!: Vec<Option<i64>>",
       array[sent, delivered, bounced, failed, cancelled, requests, suppressed, complained]::bigint[]
           as "counted!: Vec<Option<i64>>"
from counted full join told using (tenant_id, day)
where (coalesce(sent, 0), coalesce(delivered, 0), coalesce(bounced, 0), coalesce(failed, 0),
       coalesce(cancelled, 0), coalesce(requests, 0), coalesce(suppressed, 0), coalesce(complained, 0))
   is distinct from
      (coalesce(emails_sent, 0), coalesce(emails_delivered, 0), coalesce(emails_bounced, 0),
       coalesce(emails_failed, 0), coalesce(emails_cancelled, 0), coalesce(api_requests, 0),
       coalesce(emails_suppressed, 0), coalesce(emails_complained, 0))
order by 1, 2
limit 1000
