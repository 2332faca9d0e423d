//! Everything that can have happened, in the past tense, and the log that holds it.
