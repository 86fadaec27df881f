//! Writes a history as it happens: a line is handed on whole, and flushed, before the next.

use super::line;
use super::malformed::HistoryError;
use super::order::Order;
use super::record::{Header, Record};
use crate::error::{Blame, Error};
use std::io::Write;

/// Appends records.
#[derive(Debug)]
pub struct HistoryWriter<W> {
    out: W,
    order: Order,
}

impl<W: Write> HistoryWriter<W> {
    /// Writes the header.
    pub fn new(mut out: W, header: &Header) -> Result<Self, Error> {
        put(&mut out, line::print_header(header))?;
        Ok(Self { out, order: Order::default() })
    }

    /// Writes one record: an invocation before the request is sent, a completion after the answer
    /// was read, so that no span is narrower than the truth.
    ///
    /// # Errors
    /// `Caller` when the record does not fit behind those before it (nothing is written then);
    /// `Environment` when it cannot be written.
    pub fn append(&mut self, record: &Record) -> Result<(), Error> {
        self.order.admit(record).map_err(|wrong| {
            let got = format!("another `{}`", wrong.member);
            Error::new(Blame::Caller, wrong.expected, got)
        })?;
        put(&mut self.out, line::print_record(record))
    }

    /// The output, with every line flushed.
    pub fn into_inner(self) -> W {
        self.out
    }
}

fn put(out: &mut impl Write, mut text: String) -> Result<(), Error> {
    text.push('\n');
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| HistoryError::from(error).into())
}
