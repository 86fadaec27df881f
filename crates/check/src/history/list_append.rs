//! Jepsen's list-append: transactions that append to lists and read them whole.
//!
//! ```text
//! {:type :invoke, :f :txn, :value [[:append 3 1] [:r 4 nil]],   :process 0}
//! {:type :ok,     :f :txn, :value [[:append 3 1] [:r 4 [2 7]]], :process 0}
//! ```
//!
//! A list that was read as `nil` is empty. What failed or is of unknown outcome counts with the
//! appends of its invocation. Keys and values are of any kind; equal ones are written alike.

use super::Malformed;
use super::jepsen::{Event, Events, Happened, Values, operations};
use super::notation::{Notation, Reader};
use crate::append::{Act, Appends, Builder, Misfit};
use crate::dependency::Fate;
use avouch_promise::Error;

#[derive(Default)]
struct Lists {
    builder: Builder,
    list: Vec<i64>,
}

impl Lists {
    /// A value appended or read.
    #[inline]
    fn element(&mut self, reader: &mut Reader<'_>) -> Result<i64, Malformed> {
        if let Some(b'-' | b'0'..=b'9') = reader.peek()? {
            let mark = reader.mark();
            match reader.integer() {
                Ok(value) if Appends::is_plain(value) => return Ok(value),
                _ => reader.go(mark),
            }
        }
        let text = reader.raw()?;
        // In JSON, 1.0 is a whole number, too.
        if let Some(value) = text.parse().ok().filter(|_| reader.is_json())
            && Appends::is_plain(value)
        {
            return Ok(value);
        }
        Ok(self.builder.history().text(&text))
    }

    fn operation(&mut self, reader: &mut Reader<'_>, happened: Happened) -> Result<(), Malformed> {
        reader.need(b'[', "an operation: `[:append key value]` or `[:r key list]`")?;
        let at = reader.mark();
        let mut first = true;
        if !reader.more(b']', &mut first)? {
            return Err(reader.wrong_at(at, "the name of an operation"));
        }
        let name = reader.name()?.trim_start_matches(':');
        if !reader.more(b']', &mut first)? {
            return Err(reader.wrong_at(at, "a key"));
        }
        let key = reader.raw()?;
        let key = self.builder.key(key.as_bytes());
        let mut has_value = reader.more(b']', &mut first)?;
        let act = match name {
            "append" if has_value => Act::Append(self.element(reader)?),
            "r" if happened != Happened::Ok => {
                if has_value {
                    reader.pass()?;
                }
                Act::Unread
            }
            "r" => {
                self.list.clear();
                if has_value && !reader.nothing()? {
                    reader.need(b'[', "the list read, or nil")?;
                    let mut first = true;
                    while reader.more(b']', &mut first)? {
                        let element = self.element(reader)?;
                        self.list.push(element);
                    }
                }
                self.builder.matched(key, &self.list)
            }
            _ => return Err(reader.wrong_at(at, "append with a value, or r")),
        };
        self.builder.operation(key, act);
        if has_value {
            has_value = reader.more(b']', &mut first)?;
        }
        if has_value { Err(reader.wrong("`]` after the operation")) } else { Ok(()) }
    }
}

impl<'a> Values<'a> for Lists {
    fn value(&mut self, reader: &mut Reader<'a>, happened: Happened) -> Result<(), Malformed> {
        self.builder.clear();
        operations(reader, happened, |reader| self.operation(reader, happened))
    }
}

/// Reads a history.
pub(crate) fn parse(text: &str, notation: Notation) -> Result<Appends, Error> {
    let mut lists = Lists::default();
    let mut events = Events::new(text, notation)?;
    while let Some(event) = events.next(&mut lists)? {
        if !event.has_value {
            lists.builder.clear();
        }
        let fate = match event.happened {
            Happened::Invoke => None,
            Happened::Ok => Some(Fate::Committed),
            Happened::Fail => Some(Fate::Aborted),
            Happened::Info => Some(Fate::Unknown),
        };
        let done = match fate {
            None => lists.builder.begin(event.process, event.line),
            Some(fate) => lists.builder.end(event.process, fate, event.line),
        };
        done.map_err(|misfit| misfitted(&events, &event, misfit))?;
    }
    let mut history = lists.builder.build();
    history.format = match notation {
        Notation::Edn => "jepsen list-append, EDN",
        Notation::Json => "jepsen list-append, JSON",
    };
    Ok(history)
}

fn misfitted(events: &Events<'_>, event: &Event<'_>, misfit: Misfit) -> Malformed {
    let process = event.process;
    events.wrong(
        event,
        match misfit {
            Misfit::Open(open) => format!(
                "the outcome of process {process}'s transaction of line {} before its next",
                open.line
            ),
            Misfit::NotOpen => format!("process {process} to invoke before an outcome"),
            Misfit::Others => "the operations that were invoked".to_owned(),
        },
    )
}
