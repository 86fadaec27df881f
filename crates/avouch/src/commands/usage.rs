//! What the command line's parser says, as help or as an error in the shape of all others.

use crate::arguments::Arguments;
use crate::exit::Exit;
use crate::screen::{Format, Screen};
use avouch_promise::nearest::nearest;
use avouch_promise::{Blame, Error};
use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::error::Error as _;
use std::ffi::OsString;

/// Help goes to stdout and is no error; what could not be parsed is the caller's.
pub(super) fn usage(error: &clap::Error, arguments: &[OsString]) -> Exit {
    let mut screen = Screen::process(format(arguments));
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            screen.data(error.render().to_string().as_bytes());
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            screen.say(error.render().to_string().trim_end());
            return Exit::Error(Blame::Caller);
        }
        _ => screen.error(&told(error, arguments)),
    }
    match screen.finish() {
        Ok(()) if error.use_stderr() => Exit::Error(Blame::Caller),
        Ok(()) => Exit::DONE,
        Err(full) => Exit::Error(full.blame),
    }
}

/// The format that was asked for, before anything else could be understood.
fn format(arguments: &[OsString]) -> Format {
    let json =
        |pair: &[OsString]| matches!(pair, [flag, word] if flag == "--format" && word == "json");
    let joined = arguments.iter().any(|argument| argument == "--format=json");
    if joined || arguments.windows(2).any(json) { Format::Json } else { Format::Text }
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join(", ")),
        other => Some(other.to_string()),
    }
    .filter(|text| !text.is_empty())
}

fn told(error: &clap::Error, arguments: &[OsString]) -> Error {
    let argument = text(error, ContextKind::InvalidArg);
    // A value that a parser of ours refused: it knows best what was expected.
    if let Some(own) = error.source().and_then(|source| source.downcast_ref::<Error>()) {
        let expected = match argument {
            Some(argument) => format!("{} as {argument}", own.expected),
            None => own.expected.clone(),
        };
        return Error { blame: Blame::Caller, expected, ..own.clone() };
    }
    let rendered = error.render().to_string();
    let first = rendered.split("\n\n").next().unwrap_or(&rendered);
    let first = first.strip_prefix("error: ").unwrap_or(first);
    let lines: Vec<_> =
        first.lines().map(str::trim).filter(|line| !line.starts_with("[possible")).collect();
    let got = lines.join(" ");
    let tip = rendered.lines().find_map(|line| line.trim().strip_prefix("tip: "));
    let hint = match (text(error, ContextKind::ValidValue), tip) {
        _ if nearest_command(error).is_some() => {
            format!("did you mean `{}`?", nearest_command(error).unwrap_or_default())
        }
        (Some(valid), _) => format!("one of {valid}"),
        (None, Some(tip)) => tip.to_owned(),
        (None, None) => help(arguments),
    };
    Error::new(Blame::Caller, "a command line as `--help` shows it", got).hint(hint)
}

/// The command whose help is meant.
fn help(arguments: &[OsString]) -> String {
    let command = Arguments::command();
    let (mut at, mut path) = (&command, "avouch".to_owned());
    for word in arguments.iter().skip(1) {
        let known = at.get_subcommands().find(|known| *word == *known.get_name());
        if let Some(known) = known {
            (at, path) = (known, format!("{path} {}", known.get_name()));
        }
    }
    format!("`{path} --help`")
}

/// The command that a mistyped one was probably meant to be.
fn nearest_command(error: &clap::Error) -> Option<String> {
    if error.kind() != ErrorKind::InvalidSubcommand {
        return None;
    }
    let word = text(error, ContextKind::InvalidSubcommand)?;
    let command = Arguments::command();
    let names = command.get_subcommands().map(clap::Command::get_name);
    nearest(&word, names).map(str::to_owned)
}
