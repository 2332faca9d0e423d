//! It holds: nothing accepted is lost and nothing is done twice without need, whatever dies.

mod bodies;
mod crowd;
mod database;
pub(crate) mod killed;
mod limits;
mod nodes;
pub(crate) mod overload;
mod paused;
mod rebuild;
mod relay;
mod upgrade;
