select e.id, e.tenant_id, e.sender, e.sender_address, e.subject, e.status, e.priority, e.tags,
       e.metadata, e.reply_to, e.attempts, e.next_attempt_at, e.last_error, e.scheduled_at,
       e.created_at, e.updated_at, e.position
from emails e
where e.tenant_id = $1
  and ($2::varchar is null or e.status = $2)
  and ($3::varchar is null or e.sender_address = $3)
  and ($4::varchar is null or exists (
          select 1 from email_recipients r
          where r.tenant_id = $1 and r.email_id = e.id and r.address = $4))
  and ($5::varchar is null or (e.tags <> '{}' and e.tags @> array[$5::varchar]))
  and ($6::jsonb is null or e.metadata @> $6)
  and ($7::timestamptz is null or e.created_at >= $7)
  and ($8::timestamptz is null or e.created_at < $8)
  and ($9::bigint is null or e.position < $9)
order by e.position desc
limit $10 offset $11
