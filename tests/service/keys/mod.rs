//! API keys: made, used, rotated, revoked.

mod bounds;
mod ends;
mod life;
mod rotation;
