//! Postgres as a tool: connecting, the embedded one, migrations, leases.
