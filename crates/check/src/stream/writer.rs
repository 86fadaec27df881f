//! Writes a stream as it happens: events gather in a block, which is handed on whole.

use super::MAGIC;
use super::block::{self, BLOCK_BYTES_MAX};
use super::encode::{self, DEPTH_MAX, Encoder};
use super::event::{Content, Event, Header};
use super::reader::{Ending, Reader};
use avouch_promise::history::Order;
use avouch_promise::{Blame, Error};
use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// When a block is full, in bytes before compression.
const BLOCK_BYTES: usize = 64 << 10;

/// Appends events.
///
/// What was appended is in the output once a block is full (64 KiB), or after
/// [`flush`](Self::flush); dropping the writer flushes too. A process that is killed loses what it
/// had not flushed, and what it had is read.
///
/// ```
/// use avouch_check::stream::{Event, Header, Reader, Writer};
/// use avouch_promise::Nanos;
/// use avouch_promise::guarantee::Guarantee;
/// use avouch_promise::history::{Action, Invocation, Record, What};
///
/// let mut writer = Writer::new(Vec::new(), &Header::default())?;
/// let action = Action::Get { key: "a".into() };
/// let asked = Invocation { action, guarantee: Guarantee::Linearizable, region: None };
/// let record = Record { process: 0, operation: 1, time: Nanos(5), what: What::Invoke(asked) };
/// writer.append(&Event::Operation(record.clone()))?;
/// let written = writer.finish()?;
/// let mut reader = Reader::new(&written[..])?;
/// assert_eq!(reader.next(), Some(Ok(Event::Operation(record))));
/// # Ok::<(), avouch_promise::Error>(())
/// ```
#[derive(Debug)]
pub struct Writer<W: Write> {
    /// Nothing once it is finished.
    out: Option<W>,
    content: Content,
    order: Order,
    encoder: Encoder,
    /// Events in the block so far.
    events: u32,
    /// The next block's number.
    number: u64,
}

fn put(out: &mut impl Write, bytes: &[u8]) -> Result<(), Error> {
    let written = out.write_all(bytes).and_then(|()| out.flush());
    written.map_err(|error| {
        Error::new(Blame::Environment, "a history that can be written", error.to_string())
    })
}

impl<W: Write> Writer<W> {
    /// Begins a stream.
    ///
    /// # Errors
    /// `Environment` when it cannot be written; `Caller` for a header longer than a block.
    pub fn new(mut out: W, header: &Header) -> Result<Self, Error> {
        let content = encode::header(header);
        if content.len() > BLOCK_BYTES_MAX {
            let got = format!("{} bytes", content.len());
            return Err(Error::new(Blame::Caller, "a header that fits into a block", got));
        }
        let mut start = MAGIC.to_vec();
        start.extend(block::seal(0, 0, &content));
        put(&mut out, &start)?;
        Ok(Self::with(out, header.content, Order::default(), 1))
    }

    fn with(out: W, content: Content, order: Order, number: u64) -> Self {
        let encoder = Encoder::default();
        Self { out: Some(out), content, order, encoder, events: 0, number }
    }

    /// Appends an event: an invocation before its request is sent, an answer after it was read.
    ///
    /// # Errors
    /// `Caller` when the event is not of the stream's content, does not fit behind those before it,
    /// or is larger than 16 MiB (it is not written then); `Environment` when a full block cannot be
    /// written.
    pub fn append(&mut self, event: &Event) -> Result<(), Error> {
        if event.content() != self.content {
            let expected = format!("{}, as the header says", self.content.name());
            return Err(Error::new(Blame::Caller, expected, event.content().name()));
        }
        if encode::depth(event) > DEPTH_MAX {
            let expected = format!("an event of at most {DEPTH_MAX} levels");
            return Err(Error::new(Blame::Caller, expected, "more"));
        }
        if let Event::Operation(record) = event {
            self.order.admit(record).map_err(|wrong| {
                let got = format!("another `{}`", wrong.member);
                Error::new(Blame::Caller, wrong.expected, got)
            })?;
        }
        if size(event) > BLOCK_BYTES {
            return self.append_alone(event);
        }
        self.encoder.event(event);
        self.events += 1;
        if self.encoder.as_slice().len() >= BLOCK_BYTES { self.flush() } else { Ok(()) }
    }

    /// Appends an event that may be too large.
    fn append_alone(&mut self, event: &Event) -> Result<(), Error> {
        self.flush()?;
        self.encoder.event(event);
        if self.encoder.as_slice().len() > BLOCK_BYTES_MAX {
            let got = format!("{} bytes", self.encoder.as_slice().len());
            self.encoder = Encoder::default();
            return Err(Error::new(Blame::Caller, "an event of at most 16 MiB", got));
        }
        self.events = 1;
        self.flush()
    }

    /// Hands on what was appended.
    ///
    /// # Errors
    /// `Environment` when it cannot be written.
    pub fn flush(&mut self) -> Result<(), Error> {
        let Some(out) = self.out.as_mut().filter(|_| self.events > 0) else { return Ok(()) };
        let block = block::seal(self.number, self.events, self.encoder.as_slice());
        self.encoder = Encoder::default();
        self.events = 0;
        self.number += 1;
        put(out, &block)
    }

    /// The output, with everything handed on.
    ///
    /// # Errors
    /// `Environment` when it cannot be written.
    ///
    /// # Panics
    /// Never: the output is taken here only.
    pub fn finish(mut self) -> Result<W, Error> {
        self.flush()?;
        self.out.take().ok_or_else(|| Error::new(Blame::Caller, "a writer that is open", "none"))
    }
}

impl<W: Write> Drop for Writer<W> {
    /// Hands on what it can: nobody is left to be told that it cannot.
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

impl Writer<File> {
    /// Goes on behind the last whole block of a stream, and says how that ended: what an earlier
    /// writer left of a block is cut off. The file must be open to be read and written.
    ///
    /// # Errors
    /// `Environment` when the file cannot be read or written; `Corrupt` when it was changed.
    pub fn resume(mut file: File) -> Result<(Self, Ending), Error> {
        let environment = |error: std::io::Error| {
            let expected = "a history that can be read and written";
            Error::new(Blame::Environment, expected, error.to_string())
        };
        file.rewind().map_err(environment)?;
        let mut reader = Reader::new(BufReader::new(&mut file))?;
        reader.by_ref().try_for_each(|event| event.map(drop))?;
        let ending = reader.ending().unwrap_or(Ending::Whole);
        let (content, number, whole) = (reader.header().content, reader.blocks(), reader.whole());
        let order = reader.into_order();
        file.set_len(whole).map_err(environment)?;
        file.seek(SeekFrom::Start(whole)).map_err(environment)?;
        Ok((Self::with(file, content, order, number), ending))
    }
}

/// The bytes of an event's own values, about: small events need no further look.
fn size(event: &Event) -> usize {
    let mut encoder = Encoder::default();
    if matches!(event, Event::Operation(record) if is_small(record)) {
        return 0;
    }
    encoder.event(event);
    encoder.as_slice().len()
}

fn is_small(record: &avouch_promise::history::Record) -> bool {
    use avouch_promise::history::{Action, Outcome, What};
    const SMALL: usize = 4096;
    match &record.what {
        What::Invoke(invocation) => match &invocation.action {
            Action::Get { key } => key.len() < SMALL,
            Action::Put { key, value } => key.len() + value.len() < SMALL,
            _ => false,
        },
        What::Ok(answered) => match &answered.outcome {
            Outcome::Done => true,
            Outcome::Value(value) => value.as_ref().is_none_or(|value| value.len() < SMALL),
            _ => false,
        },
        What::Fail { .. } | What::Info { .. } => false,
    }
}

/// A writer that threads share.
#[derive(Debug)]
pub struct Shared<W: Write>(Arc<Mutex<Writer<W>>>);

impl<W: Write> Clone for Shared<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Write> Shared<W> {
    /// Shares a writer.
    pub fn new(writer: Writer<W>) -> Self {
        Self(Arc::new(Mutex::new(writer)))
    }

    fn lock(&self) -> MutexGuard<'_, Writer<W>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`Writer::append`]. Read the clock before an invocation is appended, and after an answer
    /// came: threads may be delayed between.
    ///
    /// # Errors
    /// As there.
    pub fn append(&self, event: &Event) -> Result<(), Error> {
        self.lock().append(event)
    }

    /// As [`Writer::flush`].
    ///
    /// # Errors
    /// As there.
    pub fn flush(&self) -> Result<(), Error> {
        self.lock().flush()
    }
}
