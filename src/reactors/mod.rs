//! What we do because something happened; the only room with side effects of its own accord.
//!
//! Each reactor takes work under a lease or in a way that may happen twice, acts, and tells a command
//! what came of it. To add one: its file here, and its start in `cli`.

pub mod bounces;
pub mod delivery;
pub mod domains;
pub mod erasure;
pub mod housekeeping;
pub mod orphans;
pub mod reputation;
pub mod suppressor;
pub mod usage_meter;
pub mod webhooks;
