select count(*) as "total!"
from email_timeline t
where t.tenant_id = $1
  and ($2::varchar is null or t.email_id = $2)
  and ($3::varchar[] is null or t.type = any($3))
  and ($4::varchar is null or (
          coalesce(t.details->>'recipient', $4) = $4
          and exists (
              select 1 from email_recipients r
              where r.tenant_id = $1 and r.email_id = t.email_id and r.address = $4)))
  and ($5::timestamptz is null or t.at >= $5)
  and ($6::timestamptz is null or t.at < $6)
