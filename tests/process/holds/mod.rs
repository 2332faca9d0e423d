//! It holds: nothing accepted is lost and nothing is done twice without need, whatever dies.

mod database;
mod killed;
mod limits;
mod nodes;
mod paused;
mod relay;
