//! The same `Idempotency-Key` and the same request: the same answer, for a day, and one effect.

mod posts;
mod scopes;
mod time;
