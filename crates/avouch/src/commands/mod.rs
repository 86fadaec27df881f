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
mod recheck;
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
    refuse_shape(shape, &command)?;
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

/// Refuses a shape that the command does not have, and says which it has.
fn refuse_shape(shape: Shape, command: &Command) -> Result<(), Error> {
    let of_check = "text, json, html or svg as the format of `check`";
    let of_clock = "text, json or prometheus as the format of `clock audit`";
    let of_all = "text or json as the format of this command";
    let (expected, has) = match command {
        Command::Check(_) => (of_check, shape != Shape::Prometheus),
        Command::Clock(_) => (of_clock, !matches!(shape, Shape::Html | Shape::Svg)),
        _ => (of_all, matches!(shape, Shape::Text | Shape::Json)),
    };
    let (got, hint) = match shape {
        Shape::Html => ("html", "pages are what `avouch check` makes of histories"),
        Shape::Svg => ("svg", "pictures are what `avouch check` makes of histories"),
        _ => ("prometheus", "metrics are what `avouch clock audit` makes of its report"),
    };
    if has { Ok(()) } else { Err(Error::new(Blame::Caller, expected, got).hint(hint)) }
}

/// A runtime for sockets and timers, on this thread.
fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Error::new(Blame::Environment, "sockets and timers of the system", error.to_string())
    })
}
