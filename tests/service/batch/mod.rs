//! Many emails in one request, each accepted or refused on its own.

mod daily;
mod each;
mod once;
mod templates;
