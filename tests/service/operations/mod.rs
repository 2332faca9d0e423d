//! What those see who run the service.

mod health;
