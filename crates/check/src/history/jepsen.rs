//! The events of a Jepsen history in EDN or JSON: maps one after another, or one list of them.
//!
//! ```text
//! {:type :invoke, :f :txn, :value [[:append 3 1] [:r 4 nil]], :process 0, :time 5, :index 0}
//! [{"type": "ok", "f": "txn", "value": [["append", 3, 1], ["r", 4, [2]]], "process": 0}]
//! ```
//!
//! The fields stand in any order; those not needed are passed over. Events count in the order in
//! which they stand, as they do for Jepsen's own checkers. What the nemesis does is no event of a
//! client; a process of another name is refused, so that nothing is left out in silence. `:process
//! nil` names none, as if the field were not there.

use super::Malformed;
use super::notation::{Mark, Notation, Reader};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happened {
    Invoke,
    Ok,
    Fail,
    Info,
}

/// One event of a client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event<'a> {
    pub(crate) happened: Happened,
    /// The function; empty where the event does not name it.
    pub(crate) function: &'a str,
    /// The process; 0 where the event does not name it.
    pub(crate) process: i64,
    /// Whether it names a process.
    pub(crate) names_process: bool,
    /// Where it stands.
    pub(crate) at: Mark,
    pub(crate) line: usize,
    /// Whether it has a value.
    pub(crate) has_value: bool,
}

impl Event<'_> {
    /// The process, where the event names one.
    pub(crate) fn client(&self) -> Option<i64> {
        self.names_process.then_some(self.process)
    }
}

/// Whoever takes the events' values.
pub(crate) trait Values<'a> {
    /// A value stands next; it is read or passed over.
    fn value(&mut self, reader: &mut Reader<'a>, happened: Happened) -> Result<(), Malformed>;

    /// The value of a field of another name stands next; it is read or passed over.
    fn other(&mut self, _: &str, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        reader.pass()
    }
}

/// The operations of a transaction, one by one; of what failed or is unknown there are none.
pub(super) fn operations<'a>(
    reader: &mut Reader<'a>,
    happened: Happened,
    mut one: impl FnMut(&mut Reader<'a>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    if !matches!(happened, Happened::Invoke | Happened::Ok) {
        return reader.pass();
    }
    if reader.nothing()? {
        return Ok(());
    }
    reader.need(b'[', "a transaction: a list of operations")?;
    let mut first = true;
    while reader.more(b']', &mut first)? {
        one(reader)?;
    }
    Ok(())
}

/// The events of a text.
pub(crate) struct Events<'a> {
    reader: Reader<'a>,
    /// The closing bracket of the one list that holds them.
    close: Option<u8>,
    first: bool,
    done: bool,
}

/// In which notation a text stands, if it is a history of maps at all.
pub(crate) fn notation(text: &str) -> Option<Notation> {
    let mut signs = text.chars().filter(|sign| !sign.is_whitespace());
    let mut sign = signs.next()?;
    if matches!(sign, '[' | '(') {
        sign = signs.next()?;
    }
    match sign {
        '{' => match signs.next()? {
            '"' => Some(Notation::Json),
            _ => Some(Notation::Edn),
        },
        '#' | ';' => Some(Notation::Edn),
        _ => None,
    }
}

impl<'a> Events<'a> {
    pub(crate) fn new(text: &'a str, notation: Notation) -> Result<Self, Malformed> {
        let mut reader = Reader::new(text, notation);
        let close = if reader.take(b'[')? {
            Some(b']')
        } else if notation == Notation::Edn && reader.take(b'(')? {
            Some(b')')
        } else {
            None
        };
        Ok(Self { reader, close, first: true, done: false })
    }

    /// An error at an event.
    pub(crate) fn wrong(&self, event: &Event<'_>, expected: impl Into<String>) -> Malformed {
        self.reader.wrong_at(event.at, expected)
    }

    /// An error at a place that was marked.
    pub(crate) fn wrong_at(&self, at: Mark, expected: impl Into<String>) -> Malformed {
        self.reader.wrong_at(at, expected)
    }

    /// Whether another map follows.
    fn follows(&mut self) -> Result<bool, Malformed> {
        if self.done {
            return Ok(false);
        }
        let follows = match self.close {
            Some(close) => self.reader.more(close, &mut self.first)?,
            None => !self.reader.is_done()?,
        };
        if !follows {
            self.done = true;
            if self.close.is_some() && !self.reader.is_done()? {
                return Err(self.reader.wrong("the end of the history"));
            }
        }
        Ok(follows)
    }

    /// The next event of a client; its value goes to `values`.
    pub(crate) fn next(
        &mut self,
        values: &mut impl Values<'a>,
    ) -> Result<Option<Event<'a>>, Malformed> {
        while self.follows()? {
            if let Some(event) = self.event(values)? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    fn event(&mut self, values: &mut impl Values<'a>) -> Result<Option<Event<'a>>, Malformed> {
        let reader = &mut self.reader;
        reader.tell();
        reader.peek()?;
        let open = reader.mark();
        reader.need(b'{', "an event: a map")?;
        let (at, line) = (reader.mark(), reader.line());
        let (mut happened, mut function, mut process) = (None, "", Some(0));
        let (mut later, mut has_value, mut names_process) = (None, false, false);
        let mut first = true;
        let mut seen: Vec<&str> = Vec::with_capacity(8);
        loop {
            if reader.is_done()? {
                return Err(reader.wrong_at(open, "`}` to this"));
            }
            if !reader.more(b'}', &mut first)? {
                break;
            }
            reader.peek()?;
            let here = reader.mark();
            let key = reader.key()?;
            if seen.contains(&key) {
                return Err(reader.wrong_at(here, "a key that the event does not have yet"));
            }
            seen.push(key);
            match key {
                "type" => happened = Some(type_of(reader)?),
                "f" | "process" if reader.nothing()? => {}
                "f" => function = reader.name()?,
                "process" => {
                    process = client(reader)?;
                    names_process = true;
                }
                "value" => {
                    has_value = true;
                    if let Some(happened) = happened {
                        values.value(reader, happened)?;
                    } else {
                        reader.peek()?;
                        later = Some(reader.mark());
                        reader.pass()?;
                    }
                }
                other => values.other(other, reader)?,
            }
        }
        let Some(happened) = happened else {
            return Err(reader.wrong_at(at, "an event with a :type"));
        };
        let Some(process) = process else { return Ok(None) };
        if let Some(mark) = later {
            let end = reader.mark();
            reader.go(mark);
            values.value(reader, happened)?;
            reader.go(end);
        }
        Ok(Some(Event { happened, function, process, names_process, at, line, has_value }))
    }
}

fn type_of(reader: &mut Reader<'_>) -> Result<Happened, Malformed> {
    reader.peek()?;
    let at = reader.mark();
    match reader.name()?.trim_start_matches(':') {
        "invoke" => Ok(Happened::Invoke),
        "ok" => Ok(Happened::Ok),
        "fail" => Ok(Happened::Fail),
        "info" => Ok(Happened::Info),
        _ => Err(reader.wrong_at(at, "invoke, ok, fail or info as :type")),
    }
}

/// The number of a client's process; nothing for the nemesis, which is no client.
fn client(reader: &mut Reader<'_>) -> Result<Option<i64>, Malformed> {
    if let Some(b'+' | b'-' | b'0'..=b'9') = reader.peek()? {
        return reader.integer().map(Some);
    }
    let at = reader.mark();
    let expected = "the number of a client, or :nemesis, as :process";
    match reader.name() {
        Ok(name) if name.trim_start_matches(':').starts_with("nemesis") => Ok(None),
        _ => Err(reader.wrong_at(at, expected)),
    }
}
