-- A tenant's facts of some types, in order, without a look at its other facts; the time stands in the index, so
-- that what is left out for its time costs no look at the log. Appends wait while this is built.
create index events_tenant_type_position_index on events (tenant_id, type, position) include (recorded_at);

-- Nothing is recorded any more with a time before this: periods that ended before it stay as they are.
alter table log_head add column closed_until timestamptz;
