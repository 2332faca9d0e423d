-- A claim changes a row that leaves the queue moments later. Without an index over the lease, which nothing
-- looks up, and with room beside each row, such a change touches no index at all.
drop index send_queue_lease_index;
alter table send_queue set (fillfactor = 50);

-- The same for what becomes of a recipient.
alter table email_recipients set (fillfactor = 70);

-- Most mail has no tags: it need not stand in their index.
drop index emails_tags_index;
create index emails_tags_index on emails using gin (tags) where tags <> '{}';

-- Most contents have a few kilobytes, and go on being written where their row is.
alter table email_contents set (toast_tuple_target = 8160);
