//! What tenants used: the numbers on a bill, and that they are right.

mod admin;
mod counts;
mod periods;
mod requests;
