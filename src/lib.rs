//! SelfMX: a self-hosted, multi-tenant e-mail API on one event log.
//!
//! # The house
//!
//! Every change is a *fact* in [`events`]. [`commands`] decide and append; [`projections`] grow the tables
//! that readers see; [`reactors`] act on the world and tell a command what came of it. [`mail`] speaks
//! SMTP, [`notices`] tells webhooks, [`http`] speaks JSON, [`database`] is Postgres as a tool, [`values`] are the words that all use,
//! and [`cli`] joins the rooms. Who may name whom is held by `tests/architecture.rs`; how a request
//! travels, and what was decided against, is in `ARCHITECTURE.md`.
//!
//! # Words with two meanings, settled once
//!
//! - *domain*: a mail domain, never a field of knowledge.
//! - *event*: a fact in the log. What a webhook carries is a *notice*.
//! - *email* in code is what a tenant hands us, `msg_` in its id; a *letter* is what is to be written,
//!   a *message* what has been.
//! - *recipient* is the unit of counting and of outcomes: one email to three of them counts three.
//!
//! # What always holds
//!
//! - A `202` means that the email is on disk, exactly once.
//! - Each accepted recipient ends as exactly one of delivered, bounced, failed or cancelled.
//! - What is another tenant's does not exist: there is no way to load a stream without its tenant.
//! - A secret is sealed before it becomes part of a fact, and a token is kept as a keyed hash only.
//! - What was closed stays as it is: nothing is recorded any more with a time before it.
//! - What is about people is sealed with their tenant's key, and is gone for good when that is destroyed.
//! - Time in tables comes from facts, so what is grown again comes out the same.
//!
//! # What is deliberately absent
//!
//! Answers before the disk has them; a queue outside Postgres; a second way to append; retries that
//! nobody can see; settings that are read anywhere but in [`config`].

pub mod audit;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod database;
pub mod events;
pub mod http;
pub mod mail;
pub mod notices;
pub mod projections;
pub mod reactors;
pub mod tasks;
pub mod telemetry;
pub mod values;
