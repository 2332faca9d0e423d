//! What those see who run the service.

mod description;
mod health;
mod metrics;
