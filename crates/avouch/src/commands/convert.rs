//! `check --convert`: one history from any format to a stream, or from a stream to text. The file
//! must not be there yet; `-` is stdout, and what is told of it goes to stderr then.

use super::check::limits;
use crate::arguments::{Check, Shape};
use crate::exit::Exit;
use crate::quantity::counted;
use crate::screen::Screen;
use avouch_check::size;
use avouch_check::stream::{Converted, convert};
use avouch_promise::evidence::Verdict;
use avouch_promise::{Blame, Error};
use serde_json::{Value, json};
use std::io::{ErrorKind, Write};
use std::path::Path;

/// The name that stands for stdout.
const STDOUT: &str = "-";

/// Counts what is written.
struct Counted<W> {
    out: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// Data on stdout.
struct Data<'a>(&'a mut Screen);

impl Write for Data<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.data(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Converts the one history.
pub(super) fn run(
    check: &Check,
    out: &Path,
    shape: Shape,
    screen: &mut Screen,
) -> Result<Exit, Error> {
    let [path] = &check.histories[..] else {
        let got = format!("{} of them", check.histories.len());
        return Err(Error::new(Blame::Caller, "one history to convert", got)
            .hint("convert one after another"));
    };
    let limits = limits(check);
    let is_stdout = out == Path::new(STDOUT);
    let (told, after) = if is_stdout {
        let mut counted = Counted { out: Data(screen), bytes: 0 };
        (convert(path, &mut counted, &limits)?, counted.bytes)
    } else {
        let file = std::fs::File::create_new(out).map_err(|error| unwritten(out, &error))?;
        let mut counted = Counted { out: file, bytes: 0 };
        let told = convert(path, &mut counted, &limits);
        // What was begun is no history.
        (told.inspect_err(|_| drop(std::fs::remove_file(out)))?, counted.bytes)
    };
    if told.was_cut {
        screen.say("its writer had been stopped within an event, which was left out");
    }
    let sizes = (size(path), after);
    let told = match shape {
        Shape::Json => as_json((path, out), &told, sizes).to_string(),
        _ => as_text(out, &told, sizes),
    };
    if is_stdout {
        screen.say(&told);
    } else {
        screen.line(&told);
    }
    Ok(Exit::Verdict(Verdict::Holds))
}

fn unwritten(out: &Path, error: &std::io::Error) -> Error {
    let blame = match error.kind() {
        ErrorKind::AlreadyExists | ErrorKind::NotFound => Blame::Caller,
        _ => Blame::Environment,
    };
    let expected = format!("a new file at {}", out.display());
    Error::new(blame, expected, error.to_string())
        .hint("name a file that is not there yet, or - for stdout")
}

fn kind(told: &Converted) -> &'static str {
    if told.to_stream { "stream" } else { "text" }
}

fn as_text(out: &Path, told: &Converted, (before, after): (u64, u64)) -> String {
    // In tenths.
    let each = |bytes: u64| {
        let tenths = bytes.saturating_mul(10) / told.events.max(1);
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    let name = if out == Path::new(STDOUT) { "stdout".into() } else { out.display().to_string() };
    format!(
        "{name}: {} of {} ({}); {after} bytes, {} an event, from {before}, {} an event",
        kind(told),
        counted(usize::try_from(told.events).unwrap_or(usize::MAX), "event"),
        told.content.name(),
        each(after),
        each(before),
    )
}

fn as_json((path, out): (&Path, &Path), told: &Converted, (before, after): (u64, u64)) -> Value {
    json!({
        "history": path.display().to_string(), "converted": out.display().to_string(),
        "to": kind(told), "content": told.content.name(), "events": told.events,
        "bytes_before": before, "bytes_after": after, "cut": told.was_cut,
    })
}
