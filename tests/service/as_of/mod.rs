//! Things as they were: what was answered then is answered now.

mod lives;
mod past;
