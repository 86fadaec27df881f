//! Where a command speaks: data on stdout, talk on stderr, in text or in JSON.
//!
//! A reader that has gone away (`avouch get ... | head -1`) is no error: what is left is dropped,
//! and the exit code still says the verdict. Any other failure to write is one.

use avouch_promise::evidence::Verdict;
use avouch_promise::{Blame, Error};
use clap::ValueEnum;
use std::io::{ErrorKind, IsTerminal, Write};

/// The shape of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: JSON on stdout.
    Json,
}

/// Both channels.
pub struct Screen {
    out: Box<dyn Write>,
    talk: Box<dyn Write>,
    /// The shape of the output.
    pub format: Format,
    /// Whether a person sees both channels on one terminal.
    pub together: bool,
    colour: bool,
    broken: Option<Error>,
}

impl Screen {
    /// The process's own channels. Colour is for terminals only, and never where `NO_COLOR` is set.
    pub fn process(format: Format) -> Self {
        let (out, talk) = (std::io::stdout(), std::io::stderr());
        let together = out.is_terminal() && talk.is_terminal();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            colour: talk.is_terminal() && !plain,
            out: Box::new(out),
            talk: Box::new(talk),
            format,
            together,
            broken: None,
        }
    }

    /// Channels of the caller's, as neither a terminal nor coloured.
    pub fn of(out: Box<dyn Write>, talk: Box<dyn Write>, format: Format) -> Self {
        Self { out, talk, format, together: false, colour: false, broken: None }
    }

    /// Data.
    pub fn data(&mut self, bytes: &[u8]) {
        let written = self.out.write_all(bytes).and_then(|()| self.out.flush());
        if let Err(error) = written {
            let gone = error.kind() == ErrorKind::BrokenPipe;
            self.out = Box::new(std::io::sink());
            if !gone {
                let error = Error::new(Blame::Environment, "room on stdout", error.to_string());
                self.broken = Some(error);
            }
        }
    }

    /// A line of data.
    pub fn line(&mut self, text: &str) {
        self.data(format!("{text}\n").as_bytes());
    }

    /// A line of talk. Nobody can be told that nobody listens.
    pub fn say(&mut self, text: &str) {
        let _ = self.talk.write_all(format!("{text}\n").as_bytes());
    }

    /// The text in the colour of the verdict, where colours are shown.
    pub fn paint(&self, verdict: Verdict, text: &str) -> String {
        let code = match verdict {
            Verdict::Holds => "32",
            Verdict::Refuted => "31",
            Verdict::Unknown => "33",
        };
        if self.colour { format!("\x1b[1;{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Whether everything could be written.
    pub fn finish(self) -> Result<(), Error> {
        self.broken.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(ErrorKind);
    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_left_is_no_error_and_a_full_disk_is_one() {
        for (kind, fine) in [(ErrorKind::BrokenPipe, true), (ErrorKind::StorageFull, false)] {
            let sink = Box::new(std::io::sink());
            let mut screen = Screen::of(Box::new(Failing(kind)), sink, Format::Text);
            screen.line("one");
            screen.line("two");
            assert_eq!(screen.finish().is_ok(), fine, "{kind}");
        }
    }
}
