//! Reads a snapshot back, block by block, and believes nothing.

use super::{ALARM, ANSWER, CLIENT, DELETE, END, FORMAT, HEADER, KEY, PUT};
use crate::dedupe::{Answer, Client, Limits};
use crate::machine::Machine;
use crate::mvcc::{Entry, History, Revision, Written};
use crate::number;
use crate::response::AlarmMember;
use avouch_promise::{Blame, Decode, DecodeError, Digest, Error, LogPoint, Reader};
use bytes::Bytes;
use rpds::RedBlackTreeMapSync;
use std::collections::BTreeMap;

/// A snapshot half read.
#[derive(Debug, Default)]
pub struct Restoring {
    machine: Machine,
    /// How far it is; records come in this order.
    stage: Stage,
    key: Option<(Bytes, History)>,
    /// Which keys compactions have to look at, found so far.
    garbage: BTreeMap<Revision, Bytes>,
    client: Option<(u64, Client)>,
}

/// The record read last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    #[default]
    Nothing,
    Keys,
    Alarms,
    Clients,
    End,
}

impl Restoring {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the next block.
    pub fn block(&mut self, block: &[u8]) -> Result<(), Error> {
        let mut input = Reader::new(block);
        while input.remaining() > 0 {
            self.record(&mut input)
                .map_err(|error| Error::decode(Blame::Corrupt, "a snapshot's block", &error))?;
        }
        Ok(())
    }

    /// The machine, if all of it was read.
    pub fn finish(self) -> Result<Machine, Error> {
        if self.stage == Stage::End {
            return Ok(self.machine);
        }
        let got = format!("an end after {:?}", self.stage).to_lowercase();
        Err(Error::new(Blame::Corrupt, "a snapshot's last record", got)
            .hint("fetch the missing blocks from another replica"))
    }

    fn record(&mut self, input: &mut Reader<'_>) -> Result<(), DecodeError> {
        let misplaced = input.error("a record that may follow the one before");
        let tag = input.u8()?;
        let placed = match tag {
            HEADER => self.stage == Stage::Nothing,
            KEY => self.stage == Stage::Keys,
            PUT | DELETE => self.stage == Stage::Keys && self.key.is_some(),
            ALARM => Stage::Keys <= self.stage && self.stage <= Stage::Alarms,
            CLIENT | END => Stage::Keys <= self.stage && self.stage <= Stage::Clients,
            ANSWER => self.stage == Stage::Clients,
            _ => false,
        };
        if !placed {
            return Err(misplaced);
        }
        match tag {
            HEADER => self.header(input),
            KEY => self.key(input),
            PUT | DELETE => self.entry(tag == PUT, input),
            ALARM => self.alarm(input),
            CLIENT => self.client(input),
            ANSWER => self.answer(input),
            _ => self.end(input),
        }
    }

    fn header(&mut self, input: &mut Reader<'_>) -> Result<(), DecodeError> {
        let error = input.error("version 1 of the snapshot's format");
        if input.u8()? != FORMAT {
            return Err(error);
        }
        let point = LogPoint::decode(input)?;
        let limits = Limits {
            quota_bytes: input.u64()?,
            clients: input.u64()?,
            answers_bytes: input.u64()?,
        };
        let (revision, compacted) = (number::take(input)?, number::take(input)?);
        self.machine = Machine::new(limits);
        self.machine.point = point;
        self.stage = Stage::Keys;
        let sound = self.machine.store.restore_revisions(revision, compacted);
        if sound { Ok(()) } else { Err(input.error("revisions that a store can have")) }
    }

    fn key(&mut self, input: &mut Reader<'_>) -> Result<(), DecodeError> {
        self.close_key(input)?;
        let key = Bytes::decode(input)?;
        self.key = Some((key, History::new()));
        Ok(())
    }

    fn entry(&mut self, put: bool, input: &mut Reader<'_>) -> Result<(), DecodeError> {
        let error = input.error("an entry that its key's history can have");
        let main = number::take(input)?;
        let sub = u32::try_from(input.varint()?).map_err(|_| error.clone())?;
        let entry: Entry = if put {
            Some(Written {
                create_revision: number::take(input)?,
                version: number::take(input)?,
                value: Bytes::decode(input)?,
                lease: number::take(input)?,
            })
        } else {
            None
        };
        let (revision, compacted) = (Revision { main, sub }, self.machine.store.compacted());
        let Some((_, history)) = &mut self.key else { return Err(error) };
        if main > self.machine.store.revision() || !history.may_follow(revision, &entry, compacted)
        {
            return Err(error);
        }
        history.write(revision, entry);
        Ok(())
    }

    fn alarm(&mut self, input: &mut Reader<'_>) -> Result<(), DecodeError> {
        self.close_key(input)?;
        self.stage = Stage::Alarms;
        let error = input.error("alarms in order");
        let alarm = AlarmMember::decode(input)?;
        if self.machine.alarms.iter().last().is_some_and(|last| *last >= alarm) {
            return Err(error);
        }
        self.machine.alarms.raise(alarm);
        Ok(())
    }

    fn client(&mut self, input: &mut Reader<'_>) -> Result<(), DecodeError> {
        self.close_key(input)?;
        self.close_client(input)?;
        self.stage = Stage::Clients;
        let name = input.u64()?;
        let settled = input.u64()?;
        let last = LogPoint::decode(input)?;
        let answers = RedBlackTreeMapSync::new_sync();
        self.client = Some((name, Client { settled, last, answers }));
        Ok(())
    }

    fn answer(&mut self, input: &mut Reader<'_>) -> Result<(), DecodeError> {
        let error = input.error("a client's answers in order");
        let sequence = input.u64()?;
        let answer = Answer {
            point: LogPoint::decode(input)?,
            request: Digest::decode(input)?,
            outcome: Bytes::decode(input)?,
        };
        let Some((_, client)) = &mut self.client else { return Err(error) };
        if client.answers.last().is_some_and(|(last, _)| *last >= sequence) {
            return Err(error);
        }
        client.answers.insert_mut(sequence, answer);
        Ok(())
    }

    fn end(&mut self, input: &mut Reader<'_>) -> Result<(), DecodeError> {
        self.close_key(input)?;
        self.close_client(input)?;
        self.stage = Stage::End;
        let error = input.error("the count, size and projection of what came before");
        self.machine.store.restore_garbage(std::mem::take(&mut self.garbage));
        let keys = input.u64()?;
        let size_bytes = input.u64()?;
        let projection = Digest::decode(input)?;
        let store = &self.machine.store;
        let same = keys == store.key_count()
            && size_bytes == store.size_bytes()
            && projection == store.projection();
        if same { Ok(()) } else { Err(error) }
    }

    fn close_key(&mut self, input: &Reader<'_>) -> Result<(), DecodeError> {
        let Some((key, history)) = self.key.take() else { return Ok(()) };
        if self.machine.store.restore_key(key, history, &mut self.garbage) {
            return Ok(());
        }
        Err(input.error("keys in order, each with entries"))
    }

    fn close_client(&mut self, input: &Reader<'_>) -> Result<(), DecodeError> {
        let Some((name, client)) = self.client.take() else { return Ok(()) };
        if client.last <= self.machine.point && self.machine.dedupe.restore(name, client) {
            return Ok(());
        }
        Err(input.error("clients in order, with the answers that they can have"))
    }
}
