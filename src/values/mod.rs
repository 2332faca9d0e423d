//! Words that every room may use: parsed once at the door, valid ever after.
