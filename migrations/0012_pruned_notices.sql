-- What is kept for a time only: facts from before this make no rows any more, and rows from before it are deleted.
alter table projection_cursors add column forgotten_before timestamptz;

-- What a mail's receivers answered is found by the mail. It serves whatever asks for a tenant, too, so there are
-- as many indexes to write as before. Notices wait while this is built.
create index webhook_deliveries_email_index on webhook_deliveries (tenant_id, email_id);
drop index webhook_deliveries_tenant_index;
