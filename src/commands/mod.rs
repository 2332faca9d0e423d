//! Everything that the service can be asked to do, in the imperative.
