//! Reads a stream, in the space of one block and the open operations.

use super::MAGIC;
use super::block::{self, Block, Next};
use super::decode::{self, Decoder};
use super::event::{Event, Header};
use avouch_promise::codec;
use avouch_promise::history::Order;
use avouch_promise::{Blame, Error};
use std::io::Read;

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With a whole block.
    Whole,
    /// Within a block: its writer was stopped. The block was left out.
    Cut {
        /// Which block, from 0.
        block: u64,
        /// How many bytes of it there are.
        bytes: u64,
    },
}

/// Reads events; an iterator that ends after the first error.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    header: Header,
    order: Order,
    block: Vec<u8>,
    at: usize,
    decoder: Decoder,
    /// Events of the block that are not read yet.
    left: u32,
    /// The next block's number.
    number: u64,
    /// Bytes up to the end of the last whole block.
    whole: u64,
    /// Bytes of content, uncompressed.
    content: u64,
    events: u64,
    ending: Option<Ending>,
}

/// Whether a file is a stream, by how it starts.
pub fn is_stream(start: &[u8]) -> bool {
    start.starts_with(MAGIC)
}

impl<R: Read> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// `Corrupt` when it is no stream or was changed; `Environment` when it cannot be read.
    pub fn new(mut input: R) -> Result<Self, Error> {
        let mut start = Vec::new();
        let read = input.by_ref().take(MAGIC.len() as u64).read_to_end(&mut start);
        read.map_err(|error| {
            Error::new(Blame::Environment, "a history that can be read", error.to_string())
        })?;
        if start != MAGIC {
            return Err(Error::new(Blame::Corrupt, "a stream of avouch's", "another start"));
        }
        let block = match block::next(&mut input, 0)? {
            Next::Block(block) => block,
            Next::End | Next::Cut(_) => {
                let expected = "a stream with a whole first block";
                return Err(Error::new(Blame::Corrupt, expected, "its end")
                    .hint("its writer was stopped before anything was recorded"));
            }
        };
        let header = decode::header(&block.content)
            .map_err(|error| Error::decode(Blame::Corrupt, "block 0", &error))?;
        Ok(Self {
            input,
            header,
            order: Order::default(),
            block: Vec::new(),
            at: 0,
            decoder: Decoder::default(),
            left: 0,
            number: 1,
            whole: MAGIC.len() as u64 + block.length,
            content: 0,
            events: 0,
            ending: None,
        })
    }

    /// The header.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// How the stream ended; nothing before its end was reached.
    pub const fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// How many events were read.
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// How many bytes of the stream were read, by whole blocks.
    pub const fn whole(&self) -> u64 {
        self.whole
    }

    /// How many bytes the events read take, uncompressed.
    pub(super) const fn content_bytes(&self) -> u64 {
        self.content
    }

    /// How many whole blocks were read.
    pub(super) const fn blocks(&self) -> u64 {
        self.number
    }

    /// Which operations are open, and which numbers were used.
    pub(super) fn into_order(self) -> Order {
        self.order
    }

    fn event(&mut self) -> Result<Option<Event>, Error> {
        while self.left == 0 {
            match block::next(&mut self.input, self.number)? {
                Next::End => {
                    self.ending = Some(Ending::Whole);
                    return Ok(None);
                }
                Next::Cut(bytes) => {
                    self.ending = Some(Ending::Cut { block: self.number, bytes });
                    return Ok(None);
                }
                Next::Block(Block { content, events, length }) => {
                    (self.block, self.at, self.left) = (content, 0, events);
                    self.decoder = Decoder::default();
                    self.whole += length;
                    self.content += self.block.len() as u64;
                    self.number += 1;
                }
            }
        }
        let rest = self.block.get(self.at..).unwrap_or_default();
        let mut input = codec::Reader::new(rest);
        let wrong = |error: &codec::DecodeError| {
            Error::decode(Blame::Corrupt, &format!("block {}", self.number - 1), error)
        };
        let event = self.decoder.event(&mut input, self.header.content);
        let event = event.map_err(|error| wrong(&error))?;
        self.at += rest.len() - input.remaining();
        self.left -= 1;
        if self.left == 0 {
            input.end().map_err(|error| wrong(&error))?;
        }
        if let Event::Operation(record) = &event {
            self.order.admit(record).map_err(|out| {
                let expected = format!("event {}: {}", self.events + 1, out.expected);
                Error::new(Blame::Corrupt, expected, format!("another `{}`", out.member))
            })?;
        }
        self.events += 1;
        Ok(Some(event))
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Event, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ending.is_some() {
            return None;
        }
        let next = self.event().transpose();
        if matches!(next, Some(Err(_))) {
            self.ending = Some(Ending::Whole);
        }
        next
    }
}
