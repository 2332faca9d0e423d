-- For each tenant and the end of each UTC day: recipients that were sent to, that have come to an end, and
-- that were in flight. In flight is counted email by email and never below none, so that an email which has
-- ended more often than it was sent, or before it was, is found. Who bounces after all had ended before, and ends
-- otherwise: that moves no recipient between ended and in flight.
with moved as (
    select e.tenant_id, e.stream_id, (e.recorded_at at time zone 'UTC')::date as day,
           coalesce(sum(case e.schema when 1
                        then json_array_length(e.payload->'to')
                             + coalesce(json_array_length(e.payload->'cc'), 0)
                             + coalesce(json_array_length(e.payload->'bcc'), 0)
                        else (e.payload->'recipients'->>'to')::int
                             + coalesce((e.payload->'recipients'->>'cc')::int, 0)
                             + coalesce((e.payload->'recipients'->>'bcc')::int, 0) end)
                    filter (where e.type = 'email.accepted'), 0)::bigint as sent,
           (count(*) filter (where e.type in ('email.recipient_delivered', 'email.recipient_bounced',
                                              'email.recipient_failed', 'email.recipient_suppressed'))
            + coalesce(sum(json_array_length(e.payload->'recipients'))
                       filter (where e.type = 'email.cancelled'), 0))::bigint as ended
    from events e
    where e.position <= $2 and ($1::varchar is null or e.tenant_id = $1)
      and e.type in ('email.accepted', 'email.recipient_delivered', 'email.recipient_bounced',
                     'email.recipient_failed', 'email.cancelled', 'email.recipient_suppressed')
    group by 1, 2, 3
), lived as (
    select tenant_id, stream_id, day, sent, ended, sum(sent - ended) over life as pending,
           sum(sent - ended) over life - (sent - ended) as pending_before
    from moved window life as (partition by stream_id order by day)
), summed as (
    select tenant_id, day,
           sum(sum(sent)) over until as sent,
           sum(sum(ended)) over until as ended,
           sum(sum(greatest(pending, 0) - greatest(pending_before, 0))) over until as in_flight,
           (array_agg(stream_id order by stream_id) filter (where pending < 0))[1] as wrong
    from lived group by tenant_id, day
    window until as (partition by tenant_id order by day)
)
select tenant_id as "tenant!", day as "day!", sent::bigint as "sent!", ended::bigint as "ended!",
       in_flight::bigint as "in_flight!", wrong,
       row_number() over (partition by tenant_id order by day desc) = 1 as "is_last!",
       sent <> ended + in_flight as "is_unequal!"
from summed
order by 1, 2
