-- By which version of its projector each read model that is written with the facts was grown; those that
-- follow have it with their cursors.
create table inline_versions (
    projection varchar     primary key,
    version    integer     not null,
    grown_at   timestamptz not null
);
insert into inline_versions (projection, version, grown_at)
values ('tenants', 1, now()), ('api_keys', 1, now()), ('send_queue', 1, now());
