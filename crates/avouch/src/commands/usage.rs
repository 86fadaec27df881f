//! What the command line's parser says, as help or as an error in the shape of all others.

use crate::arguments::Arguments;
use crate::exit::Exit;
use crate::lab::shipped::SHIPPED;
use crate::screen::{Format, Screen};
use avouch_promise::nearest::nearest;
use avouch_promise::{Blame, Error};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory as _};
use std::error::Error as _;
use std::ffi::OsString;
use std::num::{ParseFloatError, ParseIntError};

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
    if error.source().and_then(|source| source.downcast_ref::<ParseIntError>()).is_some() {
        let expected = format!("a whole number as {}", argument.unwrap_or_default());
        let got = format!("`{}`", text(error, ContextKind::InvalidValue).unwrap_or_default());
        return Error::new(Blame::Caller, expected, got).hint("write digits alone, such as 7");
    }
    if error.source().and_then(|source| source.downcast_ref::<ParseFloatError>()).is_some() {
        let expected = format!("a number as {}", argument.unwrap_or_default());
        let got = format!("`{}`", text(error, ContextKind::InvalidValue).unwrap_or_default());
        return Error::new(Blame::Caller, expected, got).hint("write a bare number, such as 0.8");
    }
    let (expected, got) = told_by_kind(error, arguments, argument.as_deref());
    let suggested = [ContextKind::SuggestedArg, ContextKind::SuggestedValue]
        .into_iter()
        .find_map(|kind| text(error, kind))
        .or_else(|| meant_command(error, arguments));
    let hint = match suggested {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => help(arguments, error.kind(), argument.as_deref()),
    };
    Error::new(Blame::Caller, expected, got).hint(hint)
}

/// What was expected and what came, of what the parser itself found.
fn told_by_kind(
    error: &clap::Error,
    arguments: &[OsString],
    argument: Option<&str>,
) -> (String, String) {
    let argument = argument.unwrap_or("an argument");
    let value = text(error, ContextKind::InvalidValue);
    let top = Arguments::command();
    let (_, path) = reached(&top, arguments);
    let command = [&["avouch"], path.as_slice()].concat().join(" ");
    match (error.kind(), value) {
        (ErrorKind::InvalidValue, value) => {
            let expected = match text(error, ContextKind::ValidValue) {
                Some(valid) => format!("one of {valid} as {argument}"),
                None => format!("a value for {argument}"),
            };
            (expected, value.map_or_else(|| "nothing".to_owned(), |value| format!("`{value}`")))
        }
        (ErrorKind::ValueValidation, Some(value)) => {
            let why = error.source().map(ToString::to_string).unwrap_or_default();
            match why.split_once(" is not in ").and_then(|(_, range)| range.split_once("..")) {
                Some((least, most)) => {
                    let most = most.trim_start_matches('=');
                    // As many as the type holds is no bound that anybody set.
                    let is_bound = !most.is_empty() && most.len() < 10;
                    let to = if is_bound { format!(" to {most}") } else { String::new() };
                    (format!("a number from {least}{to} as {argument}"), format!("`{value}`"))
                }
                None => (format!("another value for {argument}"), format!("`{value}`: {why}")),
            }
        }
        (ErrorKind::MissingRequiredArgument, _) => {
            (format!("{argument} after `{command}`"), "nothing".to_owned())
        }
        (ErrorKind::UnknownArgument, _) => {
            (format!("an argument of `{command}`"), format!("`{argument}`"))
        }
        (ErrorKind::ArgumentConflict, _) => match text(error, ContextKind::PriorArg) {
            Some(prior) if prior != argument => {
                (format!("either {argument} or {prior}"), "both".to_owned())
            }
            _ => (format!("{argument} once"), "it more than once".to_owned()),
        },
        (ErrorKind::TooManyValues, Some(value)) => {
            (format!("{argument} without a value"), format!("`{value}`"))
        }
        (ErrorKind::InvalidSubcommand, _) => {
            let word = text(error, ContextKind::InvalidSubcommand).unwrap_or_default();
            (format!("a command of `{command}`"), format!("`{word}`"))
        }
        _ => {
            let rendered = error.render().to_string();
            let first = rendered.split("\n\n").next().unwrap_or(&rendered);
            let first = first.strip_prefix("error: ").unwrap_or(first);
            let lines: Vec<_> = first.lines().map(str::trim).collect();
            ("a command line as `--help` shows it".to_owned(), lines.join(" "))
        }
    }
}

/// The command that the words lead to, and the words that do.
fn reached<'a>(top: &'a Command, arguments: &[OsString]) -> (&'a Command, Vec<&'a str>) {
    let (mut at, mut path) = (top, Vec::new());
    for word in arguments.iter().skip(1) {
        if let Some(known) = at.get_subcommands().find(|known| *word == *known.get_name()) {
            at = known;
            path.push(known.get_name());
        }
    }
    (at, path)
}

/// The help that is meant, and where something was left out one example of the whole.
fn help(arguments: &[OsString], kind: ErrorKind, argument: Option<&str>) -> String {
    let flag = argument.filter(|argument| argument.starts_with('-'));
    let top = Arguments::command();
    let (at, path) = reached(&top, arguments);
    let command = [&["avouch"], path.as_slice()].concat().join(" ");
    let examples = at.get_after_help().map(ToString::to_string).unwrap_or_default();
    let takes_lists = at.get_arguments().any(|one| one.get_value_delimiter() == Some(','));
    if kind == ErrorKind::UnknownArgument && flag.is_none() && takes_lists {
        return format!(
            "a list is one word with commas, as in us-east-1,eu-west-1; `{command} --help`"
        );
    }
    // A flag without a value: an example of that flag, where there is one.
    let name = flag.and_then(|flag| flag.split_whitespace().next());
    let is_left_out = matches!(kind, ErrorKind::MissingRequiredArgument | ErrorKind::InvalidValue);
    let shows = |line: &&str| {
        line.starts_with(&command)
            && name.is_none_or(|name| line.split(' ').any(|word| word == name))
    };
    let example = examples.lines().map(str::trim).find(shows);
    match example.filter(|_| is_left_out) {
        Some(example) => format!("for example `{example}`; `{command} --help` tells more"),
        None => format!("`{command} --help`"),
    }
}

/// The command that an unknown one was probably meant to be: one elsewhere by the same
/// name, a scenario that `lab run` runs, or one beside it by a name like its own.
fn meant_command(error: &clap::Error, arguments: &[OsString]) -> Option<String> {
    if error.kind() != ErrorKind::InvalidSubcommand {
        return None;
    }
    let word = text(error, ContextKind::InvalidSubcommand)?;
    let top = Arguments::command();
    let (at, path) = reached(&top, arguments);
    let elsewhere = top.get_subcommands().find_map(|command| {
        let named = command.get_subcommands().find(|inner| inner.get_name() == word)?;
        Some(format!("{} {}", command.get_name(), named.get_name()))
    });
    let is_scenario = SHIPPED.iter().any(|shipped| shipped.name == word);
    let exact = elsewhere.or_else(|| is_scenario.then(|| format!("lab run {word}")));
    exact.or_else(|| {
        let near = nearest(&word, at.get_subcommands().map(Command::get_name))?;
        Some([path.as_slice(), &[near]].concat().join(" "))
    })
}
