//! From bytes to events: whatever `encode` does not write is refused, and no count takes room
//! before what it counts is there.

use super::encode::{DEPTH_MAX, VERSION};
use super::event::{Content, Event, Happened, Header, Ran, Stamped, Step};
use crate::model::key_value::Absent;
use crate::object::Datum;
use crate::stamped::{self, Stamp};
use crate::transaction::{Access, Outcome as Ended, Span};
use avouch_promise::codec::{DecodeError, Reader};
use avouch_promise::guarantee::Guarantee;
use avouch_promise::history::{Action, Answered, Compare, Invocation, Outcome, Record, What};
use avouch_promise::identity::{ClusterId, NodeId};
use avouch_promise::{LogIndex, LogPoint, Nanos};
use bytes::Bytes;

type Found<T> = Result<T, DecodeError>;

/// What the events of a block so far leave behind.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    texts: Vec<Bytes>,
    operation: u64,
    time: u64,
    index: u64,
}

fn unzigzag(from: u64, grown: u64) -> u64 {
    let grown = (grown >> 1).cast_signed() ^ -(grown & 1).cast_signed();
    from.wrapping_add(grown.cast_unsigned())
}

fn string(bytes: &[u8], input: &Reader<'_>) -> Found<String> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| input.error("UTF-8"))
}

/// Reads the content of the first block.
pub(super) fn header(content: &[u8]) -> Found<Header> {
    let mut input = Reader::new(content);
    if input.varint()? != VERSION {
        return Err(input.error("version 1 of the stream"));
    }
    let kind = match input.u8()? {
        0 => Content::Operations,
        1 => Content::Workload,
        2 => Content::Transactions,
        3 => Content::Stamped,
        _ => return Err(input.error("a content from 0 to 3")),
    };
    let about = input.bytes()?;
    let about = string(about, &input)?;
    let cluster = if input.bool()? { Some(ClusterId(input.array()?)) } else { None };
    let absent = if input.bool()? { Absent::Empty } else { Absent::Distinct };
    let untimed = input.bool()?;
    input.end()?;
    Ok(Header { content: kind, about, cluster, absent, untimed })
}

impl Decoder {
    /// Reads the next event of a block.
    pub(super) fn event(&mut self, input: &mut Reader<'_>, content: Content) -> Found<Event> {
        match content {
            Content::Operations => self.record(input).map(Event::Operation),
            Content::Workload => self.step(input).map(Event::Workload),
            Content::Transactions => self.ran(input).map(Event::Transaction),
            Content::Stamped => self.stamped(input).map(Event::Stamped),
        }
    }

    fn text(&mut self, input: &mut Reader<'_>) -> Found<Bytes> {
        let place = input.varint()?;
        if place == 0 {
            let text = Bytes::copy_from_slice(input.bytes()?);
            self.texts.push(text.clone());
            return Ok(text);
        }
        let found = usize::try_from(place - 1).ok().and_then(|place| self.texts.get(place));
        found.cloned().ok_or_else(|| input.error("the place of a text told before"))
    }

    fn string(&mut self, input: &mut Reader<'_>) -> Found<String> {
        let text = self.text(input)?;
        string(&text, input)
    }

    fn guarantee(&mut self, input: &mut Reader<'_>) -> Found<Guarantee> {
        let text = self.string(input)?;
        text.parse().map_err(|_| input.error("a guarantee"))
    }

    fn maybe_text(&mut self, input: &mut Reader<'_>) -> Found<Option<Bytes>> {
        if input.bool()? { self.text(input).map(Some) } else { Ok(None) }
    }

    fn point(&mut self, input: &mut Reader<'_>) -> Found<LogPoint> {
        self.index = unzigzag(self.index, input.varint()?);
        let position = u32::try_from(input.varint()?);
        let position = position.map_err(|_| input.error("a position of 32 bits"))?;
        Ok(LogPoint { index: LogIndex(self.index), position })
    }

    fn record(&mut self, input: &mut Reader<'_>) -> Found<Record> {
        let tag = input.u8()?;
        let has = |bit: u8| tag & (1 << bit) != 0;
        let allowed = [0b100, 0b111_1100, 0, 0b1000][usize::from(tag & 3)];
        if tag & !3 & !allowed != 0 || has(6) && !has(5) {
            return Err(input.error("flags that an event of its kind can have"));
        }
        let process = input.varint()?;
        self.operation = unzigzag(self.operation, input.varint()?);
        self.time = unzigzag(self.time, input.varint()?);
        let what = match tag & 3 {
            0 => What::Invoke(Invocation {
                action: self.action(input, DEPTH_MAX)?,
                guarantee: self.guarantee(input)?,
                region: if has(2) { Some(self.string(input)?) } else { None },
            }),
            1 => What::Ok(Answered {
                outcome: self.outcome(input, DEPTH_MAX)?,
                achieved: if has(2) { Some(self.guarantee(input)?) } else { None },
                point: if has(3) { Some(self.point(input)?) } else { None },
                node: if has(4) { Some(node(input)?) } else { None },
                evidence: match (has(5), has(6)) {
                    (_, true) => {
                        let file = self.string(input)?;
                        Some(format!("{file}#{}", input.varint()?))
                    }
                    (true, false) => Some(self.string(input)?),
                    (false, false) => None,
                },
            }),
            2 => What::Fail { why: self.string(input)? },
            _ => What::Info {
                why: self.string(input)?,
                point: if has(3) { Some(self.point(input)?) } else { None },
            },
        };
        Ok(Record { process, operation: self.operation, time: Nanos(self.time), what })
    }

    fn action(&mut self, input: &mut Reader<'_>, depth: usize) -> Found<Action> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(input.error("fewer transactions within transactions"));
        };
        Ok(match input.u8()? {
            0 => Action::Get { key: self.text(input)? },
            1 => Action::Put { key: self.text(input)?, value: bytes(input)? },
            2 => Action::Append { key: self.text(input)?, value: bytes(input)? },
            3 => Action::Delete { key: self.text(input)? },
            4 => Action::DeleteRange { from: self.text(input)?, to: self.maybe_text(input)? },
            5 => Action::CompareAndSwap {
                key: self.text(input)?,
                expected: maybe_bytes(input)?,
                value: bytes(input)?,
            },
            6 => Action::Range {
                from: self.text(input)?,
                to: self.maybe_text(input)?,
                limit: if input.bool()? { Some(input.varint()?) } else { None },
            },
            7 => {
                let mut compares = Vec::new();
                for _ in 0..input.count()? {
                    let key = self.text(input)?;
                    compares.push(Compare { key, expected: maybe_bytes(input)? });
                }
                let mut branches = [Vec::new(), Vec::new()];
                for branch in &mut branches {
                    for _ in 0..input.count()? {
                        branch.push(self.action(input, depth)?);
                    }
                }
                let [then, otherwise] = branches;
                Action::Transaction { compares, then, otherwise }
            }
            _ => return Err(input.error("an action from 0 to 7")),
        })
    }

    fn outcome(&mut self, input: &mut Reader<'_>, depth: usize) -> Found<Outcome> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(input.error("fewer outcomes within outcomes"));
        };
        Ok(match input.u8()? {
            0 => Outcome::Done,
            1 => Outcome::Value(maybe_bytes(input)?),
            2 => Outcome::Deleted(input.varint()?),
            3 => Outcome::Swapped(input.bool()?),
            4 => {
                let mut entries = Vec::new();
                for _ in 0..input.count()? {
                    let key = self.text(input)?;
                    entries.push((key, bytes(input)?));
                }
                Outcome::Entries(entries)
            }
            5 => {
                let succeeded = input.bool()?;
                let mut outcomes = Vec::new();
                for _ in 0..input.count()? {
                    outcomes.push(self.outcome(input, depth)?);
                }
                Outcome::Transaction { succeeded, outcomes }
            }
            _ => return Err(input.error("an outcome from 0 to 5")),
        })
    }

    fn step(&mut self, input: &mut Reader<'_>) -> Found<Step> {
        let happened = match input.u8()? {
            0 => Happened::Invoke,
            1 => Happened::Ok,
            2 => Happened::Fail,
            3 => Happened::Info,
            _ => return Err(input.error("what happened, from 0 to 3")),
        };
        let process = self.datum(input, DEPTH_MAX)?;
        let function = self.datum(input, DEPTH_MAX)?;
        let value = if input.bool()? { Some(self.datum(input, DEPTH_MAX)?) } else { None };
        let time = if input.bool()? {
            self.time = unzigzag(self.time, input.varint()?);
            Some(self.time.cast_signed())
        } else {
            None
        };
        let mut others = Vec::new();
        for _ in 0..input.count()? {
            let name = self.datum(input, DEPTH_MAX)?;
            others.push((name, self.datum(input, DEPTH_MAX)?));
        }
        Ok(Step { process, happened, function, value, time, others })
    }

    fn datum(&mut self, input: &mut Reader<'_>, depth: usize) -> Found<Datum> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(input.error("fewer collections within collections"));
        };
        Ok(match input.u8()? {
            0 => Datum::Nil,
            1 => Datum::Integer(unzigzag(0, input.varint()?).cast_signed()),
            2 => Datum::Word(self.string(input)?),
            3 => Datum::Text(self.string(input)?),
            kind @ (4 | 5) => {
                let mut list = Vec::new();
                for _ in 0..input.count()? {
                    list.push(self.datum(input, depth)?);
                }
                if kind == 4 { Datum::List(list) } else { Datum::Set(list) }
            }
            6 => {
                let mut map = Vec::new();
                for _ in 0..input.count()? {
                    let key = self.datum(input, depth)?;
                    map.push((key, self.datum(input, depth)?));
                }
                Datum::Map(map)
            }
            _ => return Err(input.error("a value from 0 to 6")),
        })
    }

    fn ran(&mut self, input: &mut Reader<'_>) -> Found<Ran> {
        let session = input.varint()?;
        let flags = input.u8()?;
        if flags > 7 || flags & 5 == 5 {
            return Err(input.error("flags of a transaction"));
        }
        let outcome = match flags & 5 {
            0 => Ended::Committed,
            1 => Ended::Aborted,
            _ => Ended::Unknown,
        };
        let span = if flags & 2 == 0 {
            None
        } else {
            self.time = unzigzag(self.time, input.varint()?);
            let rank = |rank: u64, input: &Reader<'_>| {
                u32::try_from(rank).map_err(|_| input.error("a rank of 32 bits"))
            };
            let began = rank(self.time, input)?;
            let ended = input.varint()?;
            Some(Span { began, ended: rank(ended, input)? })
        };
        let mut steps = Vec::new();
        for _ in 0..input.count()? {
            let key = self.text(input)?;
            let access = match input.u8()? {
                0 => Access::Write,
                1 => Access::Read,
                2 => Access::ReadInitial,
                _ => return Err(input.error("an access from 0 to 2")),
            };
            let value = match access {
                Access::ReadInitial => 0,
                _ => unzigzag(0, input.varint()?).cast_signed(),
            };
            steps.push((key, access, value));
        }
        Ok(Ran { session, outcome, span, steps })
    }
}

impl Decoder {
    fn stamped(&mut self, input: &mut Reader<'_>) -> Found<Stamped> {
        let name = bytes(input)?;
        let session = self.text(input)?;
        self.time = unzigzag(self.time, input.varint()?);
        let start = Stamp { physical: self.time.cast_signed(), logical: signed(input)? };
        let physical = unzigzag(self.time, input.varint()?).cast_signed();
        let commit = Stamp { physical, logical: signed(input)? };
        if commit < start {
            return Err(input.error("a commit stamp that is not before the start stamp"));
        }
        let mut steps = Vec::new();
        for _ in 0..input.count()? {
            let key = self.text(input)?;
            let access = match input.u8()? {
                0 => stamped::Access::Write(None),
                1 => stamped::Access::Write(Some(signed(input)?)),
                2 => stamped::Access::Read(None),
                3 => stamped::Access::Read(Some(signed(input)?)),
                4 => stamped::Access::Append(signed(input)?),
                5 => {
                    let mut list = Vec::new();
                    for _ in 0..input.count()? {
                        list.push(signed(input)?);
                    }
                    stamped::Access::ReadList(list.into_boxed_slice())
                }
                _ => return Err(input.error("an access from 0 to 5")),
            };
            steps.push((key, access));
        }
        Ok(Stamped { name, session, start, commit, steps })
    }
}

fn signed(input: &mut Reader<'_>) -> Found<i64> {
    Ok(unzigzag(0, input.varint()?).cast_signed())
}

fn bytes(input: &mut Reader<'_>) -> Found<Bytes> {
    input.bytes().map(Bytes::copy_from_slice)
}

fn maybe_bytes(input: &mut Reader<'_>) -> Found<Option<Bytes>> {
    if input.bool()? { bytes(input).map(Some) } else { Ok(None) }
}

fn node(input: &mut Reader<'_>) -> Found<NodeId> {
    let number = u32::try_from(input.varint()?);
    number.map(NodeId).map_err(|_| input.error("a node's number of 32 bits"))
}
