//! What each command does, and how a run ends.

mod answer;
mod ask;
mod check;
pub(crate) mod clock;
mod convert;
mod guarantees;
mod init;
mod lab;
mod lab_run;
pub(crate) mod plan;
mod read_write;
mod running;
mod serve;
mod transaction;
mod up;
mod usage;
mod verdicts;
mod verify;

use crate::arguments::{Arguments, Command, Shape};
use crate::exit::Exit;
use crate::screen::Screen;
use avouch_promise::{Blame, Error};
use clap::Parser as _;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command with these arguments, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let parsed = match Arguments::try_parse_from(&arguments) {
        Ok(parsed) => parsed,
        Err(error) => return ExitCode::from(usage::usage(&error, &arguments).code()),
    };
    let mut screen = Screen::process(parsed.format.format());
    let ended = perform(parsed.command, parsed.format, &mut screen).unwrap_or_else(|error| {
        screen.error(&error);
        Exit::Error(error.blame)
    });
    let ended = match screen.finish() {
        Ok(()) => ended,
        Err(error) => Exit::Error(error.blame),
    };
    ExitCode::from(ended.code())
}

fn perform(command: Command, shape: Shape, screen: &mut Screen) -> Result<Exit, Error> {
    let of = match (shape, &command) {
        (Shape::Html, command) if !matches!(command, Command::Check(_)) => {
            Some(("html", "pages are what `avouch check` makes of histories"))
        }
        (Shape::Svg, command) if !matches!(command, Command::Check(_)) => {
            Some(("svg", "pictures are what `avouch check` makes of histories"))
        }
        (Shape::Prometheus, command) if !matches!(command, Command::Clock(_)) => {
            Some(("prometheus", "metrics are what `avouch clock audit` makes of its report"))
        }
        _ => None,
    };
    if let Some((got, hint)) = of {
        let expected = "text or json as the format of this command";
        return Err(Error::new(Blame::Caller, expected, got).hint(hint));
    }
    match command {
        Command::Up(up) => up::run(&up, screen),
        Command::Get(get) => read_write::get(get, screen),
        Command::Put(put) => read_write::put(put, screen),
        Command::Del(del) => read_write::del(del, screen),
        Command::Txn(txn) => transaction::run(&txn, screen),
        Command::Verify(verify) => verify::run(&verify, screen),
        Command::Check(check) => Ok(check::run(&check, shape, screen)),
        Command::Guarantees(guarantees) => guarantees::run(&guarantees, screen),
        Command::Init(init) => init::run(&init, screen),
        Command::Serve(serve) => serve::run(&serve, screen),
        Command::Clock(clock) => clock::run(&clock, shape, screen),
        Command::Plan(plan) => plan::run(&plan, screen),
        Command::Tour(tour) => crate::tour::run(&tour, screen),
        Command::Lab(lab) => lab::run(&lab, screen),
    }
}

/// A runtime for sockets and timers, on this thread.
fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Error::new(Blame::Environment, "sockets and timers of the system", error.to_string())
    })
}
