-- What makes tables like the live ones in another schema, and puts them in their place. Postgres writes the
-- statements from its own catalogue, so that names, indexes and rights come out the same.
with live as (
    select t.place, c.oid, c.relname as name, n.nspname as home, c.relacl, c.relowner, c.reloptions,
           t.work_state,
           format(' ON %I.%I ', n.nspname, c.relname) as on_home,
           format(' ON %I.%I ', $3::varchar, c.relname) as on_shadow,
           format('%I.%I', n.nspname, c.relname) as here,
           format('%I.%I', $3::varchar, c.relname) as beside
    from unnest($1::varchar[], $2::varchar[]) with ordinality as t(name, work_state, place)
    join pg_class c on c.oid = to_regclass(quote_ident(t.name))
    join pg_namespace n on n.oid = c.relnamespace
), key as (
    select l.place, a.attname as name
    from live l
    join pg_index i on i.indrelid = l.oid and i.indisprimary
    join pg_attribute a on a.attrelid = l.oid and a.attnum = any(i.indkey::smallint[])
), step as (
    -- Never run: what the tables looked like, so that one notices whether they have been changed since.
    select l.place, 0 as phase,
           string_agg(format('%I %s %s', a.attname, format_type(a.atttypid, a.atttypmod),
                             a.attnotnull), ', ' order by a.attnum) as statement
    from live l
    join pg_attribute a on a.attrelid = l.oid and a.attnum > 0 and not a.attisdropped
    group by l.place
    union all
    -- Until they are complete, what is written to them need not survive a crash of Postgres.
    select place, 1,
           format('create %s table %s (like %s including all excluding indexes)',
                  case when $3 = 'pg_temp' then '' else 'unlogged' end, beside, here)
    from live
    union all
    select place, 2, format('alter table %s add constraint %I %s', beside, conname,
                            pg_get_constraintdef(c.oid))
    from live l join pg_constraint c on c.conrelid = l.oid and c.contype in ('p', 'u', 'x')
    union all
    select place, case when i.indisunique then 2 else 4 end,
           replace(pg_get_indexdef(i.indexrelid), on_home, on_shadow)
    from live l join pg_index i on i.indrelid = l.oid
    where not exists (select from pg_constraint c
                      where c.conindid = i.indexrelid and c.contype in ('p', 'u', 'x'))
    union all
    select place, 3, format('alter table %s set logged', beside) from live
    union all
    select place, 4, format('alter table %s set (%s)', beside, array_to_string(reloptions, ', '))
    from live where reloptions is not null
    union all
    select place, 4,
           format('grant %s on %s to %s%s', a.privilege_type, beside,
                  case a.grantee when 0 then 'public' else quote_ident(r.rolname) end,
                  case when a.is_grantable then ' with grant option' else '' end)
    from live l cross join lateral aclexplode(l.relacl) a left join pg_roles r on r.oid = a.grantee
    where a.grantee <> l.relowner
    union all
    select place, 5, format('vacuum (analyze) %s', beside) from live
    union all
    select 1, 6, format('lock table %s in access exclusive mode',
                        string_agg(here, ', ' order by place))
    from live
    union all
    select place, 7,
           format('update %s n set (%s) = row(%s) from %s o where %s and row(%s) is distinct from row(%s)',
                  beside,
                  (select string_agg(quote_ident(c), ', ') from unnest(w.columns) c),
                  (select string_agg(format('o.%I', c), ', ') from unnest(w.columns) c),
                  here,
                  (select string_agg(format('n.%1$I = o.%1$I', k.name), ' and ') from key k
                   where k.place = l.place),
                  (select string_agg(format('n.%I', c), ', ') from unnest(w.columns) c),
                  (select string_agg(format('o.%I', c), ', ') from unnest(w.columns) c))
    from live l cross join lateral (select string_to_array(l.work_state, ',') as columns) w
    where l.work_state <> ''
    union all
    select place, 8, format('drop table %s', here) from live
    union all
    select place, 9, format('alter table %s set schema %I', beside, home) from live
    union all
    -- After the move, and by the name that they had: what a trigger refuses is refused to growing tables, too.
    select place, 10, pg_get_triggerdef(t.oid)
    from live l join pg_trigger t on t.tgrelid = l.oid and not t.tgisinternal
    union all
    select place, 11, format('alter table %s enable always trigger %I', here, t.tgname)
    from live l join pg_trigger t on t.tgrelid = l.oid and not t.tgisinternal and t.tgenabled = 'A'
)
select phase as "phase!", statement as "statement!" from step order by phase, place, statement
