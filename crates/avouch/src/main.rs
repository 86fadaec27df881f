//! The command `avouch`.

use std::process::ExitCode;

fn main() -> ExitCode {
    avouch::commands::run(std::env::args_os())
}
