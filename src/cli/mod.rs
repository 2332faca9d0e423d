//! The command line: the only room where the others are joined.
