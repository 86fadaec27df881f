//! What each command does, and how a run ends.

mod ask;
mod check;
mod guarantees;
mod init;
mod read_write;
mod running;
mod serve;
mod transaction;
mod up;
mod verify;

use crate::arguments::{Arguments, Command};
use crate::exit::Exit;
use crate::screen::{Format, Screen};
use avouch_promise::nearest::nearest;
use avouch_promise::{Blame, Error};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, Parser as _};
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command with these arguments, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let parsed = match Arguments::try_parse_from(arguments) {
        Ok(parsed) => parsed,
        Err(error) => return ExitCode::from(usage(&error).code()),
    };
    let mut screen = Screen::process(parsed.format);
    let ended = perform(parsed.command, &mut screen).unwrap_or_else(|error| {
        tell(&mut screen, &error);
        Exit::Error(error.blame)
    });
    let ended = match screen.finish() {
        Ok(()) => ended,
        Err(error) => Exit::Error(error.blame),
    };
    ExitCode::from(ended.code())
}

/// Help goes to stdout and is no error; what could not be parsed is the caller's.
fn usage(error: &clap::Error) -> Exit {
    let mut screen = Screen::process(Format::Text);
    let text = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            screen.data(text.as_bytes());
            Exit::DONE
        }
        _ => {
            screen.say(text.trim_end());
            if let Some(near) = nearest_command(error) {
                screen.say(&format!("hint: did you mean `{near}`?"));
            }
            Exit::Error(Blame::Caller)
        }
    }
}

/// The command that a mistyped one was probably meant to be, where the parser found none itself.
fn nearest_command(error: &clap::Error) -> Option<String> {
    if error.kind() != ErrorKind::InvalidSubcommand
        || error.get(ContextKind::SuggestedSubcommand).is_some()
    {
        return None;
    }
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    let command = Arguments::command();
    let names = command.get_subcommands().map(clap::Command::get_name);
    nearest(word, names).map(str::to_owned)
}

fn perform(command: Command, screen: &mut Screen) -> Result<Exit, Error> {
    match command {
        Command::Up(up) => up::run(&up, screen),
        Command::Get(get) => read_write::get(get, screen),
        Command::Put(put) => read_write::put(put, screen),
        Command::Del(del) => read_write::del(del, screen),
        Command::Txn(txn) => transaction::run(&txn, screen),
        Command::Verify(verify) => verify::run(&verify, screen),
        Command::Check(check) => check::run(&check, screen),
        Command::Guarantees(guarantees) => guarantees::run(&guarantees, screen),
        Command::Init(init) => init::run(&init, screen),
        Command::Serve(serve) => serve::run(&serve, screen),
        Command::Tour(tour) => crate::tour::run(&tour, screen),
    }
}

/// An error as people read it: what was expected, what came, and what to do.
fn tell(screen: &mut Screen, error: &Error) {
    let told = Error { hint: String::new(), ..error.clone() };
    screen.say(&format!("error: {told}"));
    if !error.hint.is_empty() {
        screen.say(&format!("hint: {}", error.hint));
    }
}

/// A runtime for sockets and timers, on this thread.
fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Error::new(Blame::Environment, "sockets and timers of the system", error.to_string())
    })
}
