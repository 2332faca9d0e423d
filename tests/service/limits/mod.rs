//! Limits: requests a minute and recipients a day, exact over all nodes.

mod daily;
mod requests;
