//! The service as its users see it: through HTTP and SMTP, on a real Postgres.

mod app;
mod isolation;
mod page;
