//! What those see who run the service.

mod description;
mod doors;
mod health;
mod logs;
mod metrics;
