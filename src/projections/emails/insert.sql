insert into emails (id, tenant_id, sender, sender_address, subject, status, priority, tags,
                    metadata, reply_to, attempts, next_attempt_at, last_error, scheduled_at,
                    created_at, updated_at, position)
select e.id, e.tenant_id, e.sender, e.sender_address, e.subject, e.status, e.priority,
       e.tags::varchar[], e.metadata::jsonb, e.reply_to, e.attempts, e.next_attempt_at, e.last_error,
       e.scheduled_at, e.created_at, e.updated_at, e.position
from unnest($1::varchar[], $2::varchar[], $3::varchar[], $4::varchar[], $5::varchar[],
            $6::varchar[], $7::varchar[], $8::text[], $9::text[], $10::varchar[], $11::int[],
            $12::timestamptz[], $13::varchar[], $14::timestamptz[], $15::timestamptz[],
            $16::timestamptz[], $17::bigint[])
  as e(id, tenant_id, sender, sender_address, subject, status, priority, tags, metadata, reply_to,
       attempts, next_attempt_at, last_error, scheduled_at, created_at, updated_at, position)
