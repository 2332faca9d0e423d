//! What each tenant used, by UTC day; months are sums.

mod counts;
mod projector;
mod read;

pub use counts::{COUNTED, Counts};
pub use projector::Usage;
pub use read::{Known, TenantUsage, days, tenants};
