//! Reads the command line, runs, and exits with its code.

fn main() {}
