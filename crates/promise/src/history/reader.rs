//! Reads a history line by line, in the space of one line and the open operations.

use super::LINE_BYTES_MAX;
use super::line;
use super::malformed::{HistoryError, Malformed};
use super::order::Order;
use super::record::{Header, Record};
use std::io::{BufRead, Read as _};

/// How a history ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ending {
    /// Its last line is whole.
    Whole,
    /// Its last line has no newline: the writer was stopped within it. The line was left out.
    Cut {
        /// Which line, from 1.
        line: usize,
        /// How many bytes of it there are.
        bytes: usize,
    },
}

/// Reads records; an iterator that ends after the first error.
#[derive(Debug)]
pub struct HistoryReader<R> {
    input: R,
    header: Header,
    order: Order,
    buffer: Vec<u8>,
    line: usize,
    ending: Option<Ending>,
}

impl<R: BufRead> HistoryReader<R> {
    /// Reads the header.
    pub fn new(input: R) -> Result<Self, HistoryError> {
        let mut reader = Self {
            input,
            header: Header::default(),
            order: Order::default(),
            buffer: Vec::new(),
            line: 0,
            ending: None,
        };
        if !reader.advance()? {
            let (at, expected) = match line::read_header(&reader.buffer, 1) {
                Ok(_) => (reader.buffer.len(), "a newline after the header"),
                Err(_) => (0, "a header line {\"avouch_history\":1}"),
            };
            return Err(Malformed::at(1, &reader.buffer, at, expected).into());
        }
        reader.header = line::read_header(&reader.buffer, reader.line)?;
        Ok(reader)
    }

    /// The header.
    pub const fn header(&self) -> &Header {
        &self.header
    }
    /// The line that was read last, from 1.
    pub const fn line(&self) -> usize {
        self.line
    }
    /// How the history ended; none before its end was reached.
    pub const fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// Reads the next line without its newline; false at the end.
    fn advance(&mut self) -> Result<bool, HistoryError> {
        self.buffer.clear();
        let mut limited = self.input.by_ref().take(LINE_BYTES_MAX as u64 + 1);
        limited.read_until(b'\n', &mut self.buffer)?;
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
            self.line += 1;
            return Ok(true);
        }
        if self.buffer.len() > LINE_BYTES_MAX {
            let expected = format!("a line of at most {LINE_BYTES_MAX} bytes");
            return Err(Malformed::at(self.line + 1, &self.buffer, 0, expected).into());
        }
        self.ending = Some(match self.buffer.len() {
            0 => Ending::Whole,
            bytes => Ending::Cut { line: self.line + 1, bytes },
        });
        Ok(false)
    }

    fn record(&mut self) -> Result<Option<Record>, HistoryError> {
        if !self.advance()? {
            return Ok(None);
        }
        let record = line::read_record(&self.buffer, self.line)?;
        match self.order.admit(&record) {
            Ok(()) => Ok(Some(record)),
            Err(wrong) => {
                let malformed =
                    Malformed::member(self.line, &self.buffer, wrong.member, wrong.expected);
                Err(malformed.into())
            }
        }
    }
}

impl<R: BufRead> Iterator for HistoryReader<R> {
    type Item = Result<Record, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ending.is_some() {
            return None;
        }
        let next = self.record().transpose();
        if matches!(next, Some(Err(_))) {
            self.ending.get_or_insert(Ending::Whole);
        }
        next
    }
}
