//! Templates, and the emails that are made of them.

mod life;
mod names;
mod sent;
