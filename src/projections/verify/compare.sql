-- The question that finds the rows of one table that are not what was grown again. Postgres writes it from its
-- own catalogue; $1 of what it writes is a tenant. Rows whose time is over count on neither side: they are deleted
-- piece by piece, and may be there or not.
with live as (
    select c.oid, c.relname as name, n.nspname as home
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = $1 and c.relname = $2
), col as (
    select a.attname as name, a.attnum as place,
           -- Postgres knows no equality of `json`.
           case when a.atttypid = 'json'::regtype then '::text' else '' end as as_text,
           a.attname = any($3::varchar[]) as is_work_state,
           exists (select from pg_index i where i.indrelid = a.attrelid and i.indisprimary
                   and a.attnum = any(i.indkey::smallint[])) as is_key
    from pg_attribute a join live l on l.oid = a.attrelid
    where a.attnum > 0 and not a.attisdropped
), part as (
    select string_agg(format('l.%1$I = r.%1$I', name), ' and ' order by place)
               filter (where is_key) as same_key,
           string_agg(format('%L, coalesce(l.%I, r.%I)', name, name, name), ', ' order by place)
               filter (where is_key) as key,
           string_agg(format('l.%I%s', name, as_text), ', ' order by place)
               filter (where not is_work_state) as live,
           string_agg(format('r.%I%s', name, as_text), ', ' order by place)
               filter (where not is_work_state) as regrown
    from col
), kept as (
    select coalesce(
        quote_ident($5::varchar)
        || format(' >= (select coalesce(max(forgotten_before), ''-infinity'')
                        from %I.projection_cursors where projection = %L)', home, $6::varchar),
        'true') as kept
    from live
)
select format(
    'select jsonb_build_object(''key'', jsonb_build_object(%s), ''live'', to_jsonb(l),
                               ''regrown'', to_jsonb(r))
     from (select * from %I.%I where ($1::varchar is null or %s = $1) and %s) l
     full join (select * from pg_temp.%I where %s) r on %s
     where row(%s) is distinct from row(%s)
     order by 1',
    key, home, live.name, coalesce(quote_ident($4::varchar), 'null::varchar'), kept,
    live.name, kept, same_key, part.live, part.regrown) as "question!",
    format('select count(*) from %I.%I where ($1::varchar is null or %s = $1) and %s', home,
           live.name, coalesce(quote_ident($4::varchar), 'null::varchar'), kept) as "count!",
    format('lock table %I.%I in access share mode', home, live.name) as "lock!"
from live cross join part cross join kept
