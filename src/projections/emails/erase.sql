-- The same as a projector would write that reads the facts of these emails after the erasure. The first
-- version named recipients by their addresses alone: their digest stays, by which outcomes find them.
with erased as materialized (
    select e.id, f.schema
    from unnest($1::varchar[]) as e(id)
    join events f on f.stream_id = e.id and f.version = 1
), recipients as (
    update email_recipients r
    set address = '[erased]:' || case
            when e.schema = 1
            then left(encode(sha256(convert_to(r.address, 'UTF8')), 'hex'), 12)
            else r.place::varchar
        end,
        name = null,
        message = case when r.status = 'cancelled' or r.message is null then r.message else '[erased]' end
    -- Whoever grows the tables again reads them erased already.
    from erased e where r.email_id = e.id and not starts_with(r.address, '[erased]')
), timeline as (
    update email_timeline t
    set details = t.details || case
            when t.type in ('delivered', 'bounced', 'deferred', 'failed', 'suppressed', 'complained')
            then '{"recipient": "[erased]", "message": "[erased]"}'::jsonb
            when t.type = 'rescheduled' then '{"message": "[erased]"}'::jsonb
            when t.type = 'opened'
            then '{"recipient": "[erased]", "ip": "[erased]", "user_agent": "[erased]"}'::jsonb
            when t.type = 'clicked'
            then '{"recipient": "[erased]", "ip": "[erased]", "user_agent": "[erased]", "url": "[erased]"}'::jsonb
            when t.type = 'cancelled' then '{"recipients": "[erased]"}'::jsonb
            else '{}'::jsonb
        end
    from erased e where t.email_id = e.id
)
update emails m
set sender = '[erased]', sender_address = '[erased]', subject = '[erased]', tags = '{}',
    metadata = '{}', reply_to = null,
    last_error = case when m.last_error is not null then '[erased]' end
from erased e where m.id = e.id
