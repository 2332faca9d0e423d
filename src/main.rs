//! Reads the command line, runs, and exits with its code.

use std::process::ExitCode;

/// Many small, short-lived buffers from many threads: the system's allocator would let memory grow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    selfmx::cli::run()
}
