//! JSON in, JSON out: one module a noun.
