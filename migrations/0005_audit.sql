-- What makes tampering evident: of each fact its leaf in the log's Merkle tree, and the link that chains
-- it to the former fact of its tenant. Grown from the log, like any read model.
create table audit_leaves (
    position bigint primary key,
    leaf     bytea  not null,
    link     bytea  not null
);

-- Roots of the tree's whole tiles: level 1 is over 256 leaves each, level 2 over 256 of level 1.
create table audit_tiles (
    level smallint not null,
    place bigint   not null,
    root  bytea    not null,
    constraint audit_tiles_pkey primary key (level, place)
);

-- The key that signs tree heads, sealed: made once, and not grown from anything.
create table audit_key (
    only_one   boolean     primary key default true check (only_one),
    verifier   varchar     not null,
    sealed     varchar     not null,
    created_at timestamptz not null
);
