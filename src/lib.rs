//! SelfMX: a self-hosted, multi-tenant e-mail API on one event log.

pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod database;
pub mod events;
pub mod http;
pub mod mail;
pub mod projections;
pub mod reactors;
pub mod tasks;
pub mod telemetry;
pub mod values;
