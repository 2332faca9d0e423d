//! From nothing to a service that serves, and back: whoever starts it, and however it ended before.

mod commands;
mod first;
mod killed;
mod revived;
mod secret;
mod settings;
mod stop;
