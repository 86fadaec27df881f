//! Which of Jepsen's workloads a history is of, by what its events do.

use super::Malformed;
use super::jepsen::{Events, Happened, Values};
use super::notation::{Notation, Reader};

/// A workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    /// Transactions that append to lists.
    ListAppend,
    /// Transactions that read and write registers.
    Registers,
    /// Anything else.
    Other,
}

#[derive(Default)]
struct Look {
    found: Option<Workload>,
    /// Whether there is any transaction at all.
    transactions: bool,
}

impl Look {
    /// Looks at one operation of a transaction, whose opening bracket stands next.
    fn operation(&mut self, reader: &mut Reader<'_>, happened: Happened) -> Result<(), Malformed> {
        if !reader.take(b'[')? {
            self.found = Some(Workload::Other);
            return reader.pass();
        }
        let mut first = true;
        if !reader.more(b']', &mut first)? {
            return Ok(());
        }
        let name = match reader.peek()? {
            Some(b':' | b'"') => reader.name()?.trim_start_matches(':'),
            _ => "",
        };
        self.found = match name {
            "append" => Some(Workload::ListAppend),
            "w" | "write" => Some(Workload::Registers),
            "r" | "read" => {
                self.transactions = true;
                if !reader.more(b']', &mut first)? {
                    return Ok(());
                }
                reader.pass()?;
                if !reader.more(b']', &mut first)? {
                    return Ok(());
                }
                let is_list = reader.peek()? == Some(b'[');
                if reader.nothing()? || happened != Happened::Ok {
                    None
                } else if is_list {
                    Some(Workload::ListAppend)
                } else {
                    Some(Workload::Registers)
                }
            }
            _ => Some(Workload::Other),
        };
        while reader.more(b']', &mut first)? {
            reader.pass()?;
        }
        Ok(())
    }
}

impl<'a> Values<'a> for Look {
    fn value(&mut self, reader: &mut Reader<'a>, happened: Happened) -> Result<(), Malformed> {
        if reader.peek()? != Some(b'[') || self.found.is_some() {
            return reader.pass();
        }
        reader.take(b'[')?;
        let mut first = true;
        while reader.more(b']', &mut first)? {
            if self.found.is_some() {
                reader.pass()?;
            } else {
                self.operation(reader, happened)?;
            }
        }
        Ok(())
    }
}

struct Passing;

impl<'a> Values<'a> for Passing {
    fn value(&mut self, reader: &mut Reader<'a>, _: Happened) -> Result<(), Malformed> {
        reader.pass()
    }
}

/// Whether all events up to the first that is malformed, one at least, are of functions that `is`.
pub(crate) fn are_all(text: &str, notation: Notation, is: impl Fn(&str) -> bool) -> bool {
    let Ok(mut events) = Events::new(text, notation) else { return false };
    let mut any = false;
    while let Ok(Some(event)) = events.next(&mut Passing) {
        if !is(event.function) {
            return false;
        }
        any = true;
    }
    any
}

/// The workload of a text.
pub(crate) fn of(text: &str, notation: Notation) -> Result<Workload, Malformed> {
    let mut look = Look::default();
    let mut events = Events::new(text, notation)?;
    while let Some(event) = events.next(&mut look)? {
        if !matches!(event.function, "" | "txn") {
            return Ok(Workload::Other);
        }
        if let Some(found) = look.found {
            return Ok(found);
        }
    }
    Ok(if look.transactions { Workload::Registers } else { Workload::Other })
}
