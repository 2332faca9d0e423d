//! It holds: nothing accepted is lost and nothing is done twice without need, whatever dies.

mod bodies;
mod crowd;
mod database;
mod killed;
mod limits;
mod nodes;
mod overload;
mod paused;
mod relay;
mod upgrade;
