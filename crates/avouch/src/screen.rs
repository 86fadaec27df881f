//! Where a command speaks: data on stdout, talk on stderr, in text or in JSON.
//!
//! Errors are told here and nowhere else, in one shape: what was expected and what came, and on a
//! line of its own what to do; for programs the same on stdout as well.
//!
//! A reader that has gone away (`avouch get ... | head -1`) is no error: what is left is dropped,
//! and the exit code still says the verdict. Any other failure to write is one.

use avouch_promise::evidence::Verdict;
use avouch_promise::{Blame, Error};
use serde_json::{Map, Value};
use std::io::{ErrorKind, IsTerminal, Write};

/// The shape of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs: JSON on stdout.
    Json,
}

/// Who reads stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listener {
    /// A file or a program.
    Program,
    /// A terminal, where a line can be written over.
    Terminal,
    /// A terminal with such a line on it.
    TerminalWithLine,
}

/// Both channels.
pub struct Screen {
    out: Box<dyn Write>,
    talk: Box<dyn Write>,
    /// The shape of the output.
    pub format: Format,
    /// Whether stdout is a terminal, which obeys what some bytes tell it.
    pub terminal: bool,
    /// Whether data is coloured, and whether talk is: either may go to a file.
    colour: (bool, bool),
    listener: Listener,
    broken: Option<Error>,
}

impl Screen {
    /// The process's own channels. Colour is for terminals only, and never where `NO_COLOR` is set.
    pub fn process(format: Format) -> Self {
        let (out, talk) = (std::io::stdout(), std::io::stderr());
        let terminal = out.is_terminal();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            colour: (terminal && !plain, talk.is_terminal() && !plain),
            listener: if talk.is_terminal() { Listener::Terminal } else { Listener::Program },
            out: Box::new(out),
            talk: Box::new(talk),
            format,
            terminal,
            broken: None,
        }
    }

    /// Channels of the caller's, as neither a terminal nor coloured.
    pub fn of(out: Box<dyn Write>, talk: Box<dyn Write>, format: Format) -> Self {
        Self {
            out,
            talk,
            format,
            terminal: false,
            colour: (false, false),
            listener: Listener::Program,
            broken: None,
        }
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
        let mut start = "";
        if self.listener == Listener::TerminalWithLine {
            (self.listener, start) = (Listener::Terminal, "\r\x1b[K");
        }
        let _ = self.talk.write_all(format!("{start}{text}\n").as_bytes());
    }

    /// Whether somebody watches stderr.
    pub fn talks_to_terminal(&self) -> bool {
        self.listener != Listener::Program
    }

    /// Writes over the line of talk that stands there, as the next line of talk will.
    pub fn overwrite(&mut self, text: &str) {
        self.listener =
            if text.is_empty() { Listener::Terminal } else { Listener::TerminalWithLine };
        let _ = self.talk.write_all(format!("\r\x1b[K{text}").as_bytes());
        let _ = self.talk.flush();
    }

    /// The text of data in the colour of the verdict, where that is shown.
    pub fn paint(&self, verdict: Verdict, text: &str) -> String {
        painted(self.colour.0, verdict, text)
    }

    /// The same for talk.
    pub fn paint_talk(&self, verdict: Verdict, text: &str) -> String {
        painted(self.colour.1, verdict, text)
    }

    /// An error of a command that has nothing else to show.
    pub fn error(&mut self, error: &Error) {
        if self.format == Format::Json {
            self.line(&Value::from(error_json(error)).to_string());
        }
        self.tell(error);
    }

    /// An error in talk alone, beside data that tells programs of it.
    pub fn tell(&mut self, error: &Error) {
        let told = Error { hint: String::new(), ..error.clone() };
        self.say(&format!("error: {told}"));
        if !error.hint.is_empty() {
            self.say(&format!("hint: {}", error.hint));
        }
    }

    /// Whether everything could be written; where not, that is told.
    pub fn finish(mut self) -> Result<(), Error> {
        let Some(error) = self.broken.take() else { return Ok(()) };
        self.tell(&error);
        Err(error)
    }
}

fn painted(colour: bool, verdict: Verdict, text: &str) -> String {
    let code = match verdict {
        Verdict::Holds => "32",
        Verdict::Refuted => "31",
        Verdict::Unknown => "33",
    };
    if colour { format!("\x1b[1;{code}m{text}\x1b[0m") } else { text.to_owned() }
}

/// An error for programs.
pub fn error_json(error: &Error) -> Map<String, Value> {
    let told = Error { hint: String::new(), ..error.clone() }.to_string();
    let (blame, _) = told.split_once(": ").unwrap_or((&told, ""));
    let members = [("error", told.as_str()), ("blame", blame), ("hint", &error.hint)];
    members.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect()
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

    /// Keeps what was written for the test to read.
    #[derive(Clone, Default)]
    struct Kept(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);
    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn talk_takes_the_place_of_a_line_that_stands_there() {
        let kept = Kept::default();
        let mut screen =
            Screen::of(Box::new(std::io::sink()), Box::new(kept.clone()), Format::Text);
        screen.listener = Listener::Terminal;
        screen.say("one");
        screen.overwrite("[##..]");
        screen.say("two");
        screen.overwrite("[####]");
        screen.overwrite("");
        screen.say("three");
        let told = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert_eq!(told, "one\n\r\x1b[K[##..]\r\x1b[Ktwo\n\r\x1b[K[####]\r\x1b[Kthree\n");
    }
}
