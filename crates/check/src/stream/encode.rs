//! From events to bytes. Within a block, numbers that mostly grow are told by how much they grew,
//! and a text that was told before by its place among those told: blocks stand alone.

use super::event::{Content, Event, Happened, Header, Ran, Stamped, Step};
use crate::model::key_value::Absent;
use crate::object::Datum;
use crate::stamped;
use crate::transaction::{Access, Outcome as Ended, Span};
use avouch_promise::LogPoint;
use avouch_promise::codec::Writer;
use avouch_promise::history::{Action, Outcome, Record, What};
use bytes::Bytes;
use std::collections::BTreeMap;

/// The version of the format.
pub(super) const VERSION: u64 = 1;

/// Actions within transactions, and collections within collections, that a stream carries.
pub(super) const DEPTH_MAX: usize = 32;

/// What the events of a block so far leave behind.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    out: Writer,
    texts: BTreeMap<Bytes, u64>,
    operation: u64,
    time: u64,
    index: u64,
}

fn zigzag(from: u64, to: u64) -> u64 {
    let grown = to.wrapping_sub(from).cast_signed();
    ((grown << 1) ^ (grown >> 63)).cast_unsigned()
}

/// The content of the first block.
pub(super) fn header(header: &Header) -> Vec<u8> {
    let mut out = Writer::new();
    out.varint(VERSION);
    out.u8(match header.content {
        Content::Operations => 0,
        Content::Workload => 1,
        Content::Transactions => 2,
        Content::Stamped => 3,
    });
    out.bytes(header.about.as_bytes());
    out.bool(header.cluster.is_some());
    if let Some(cluster) = header.cluster {
        out.raw(&cluster.0);
    }
    out.bool(header.absent == Absent::Empty);
    out.bool(header.untimed);
    out.finish().to_vec()
}

/// Evidence told as a file and the number of an item in it.
fn item(evidence: &str) -> Option<(&str, u64)> {
    let (file, number) = evidence.rsplit_once('#')?;
    let number: u64 = number.parse().ok()?;
    (format!("{file}#{number}") == evidence).then_some((file, number))
}

impl Encoder {
    /// The bytes so far.
    pub(super) fn as_slice(&self) -> &[u8] {
        self.out.as_slice()
    }

    pub(super) fn event(&mut self, event: &Event) {
        match event {
            Event::Operation(record) => self.record(record),
            Event::Workload(step) => self.step(step),
            Event::Transaction(ran) => self.ran(ran),
            Event::Stamped(one) => self.stamped(one),
        }
    }

    /// A text by its place among those told, from 1; 0 before a new one.
    fn text(&mut self, text: &[u8]) {
        if let Some(place) = self.texts.get(text) {
            self.out.varint(*place);
            return;
        }
        let place = self.texts.len() as u64 + 1;
        self.texts.insert(Bytes::copy_from_slice(text), place);
        self.out.varint(0);
        self.out.bytes(text);
    }

    fn maybe_text(&mut self, text: Option<&Bytes>) {
        self.out.bool(text.is_some());
        if let Some(text) = text {
            self.text(text);
        }
    }

    fn maybe_bytes(&mut self, bytes: Option<&Bytes>) {
        self.out.bool(bytes.is_some());
        if let Some(bytes) = bytes {
            self.out.bytes(bytes);
        }
    }

    fn point(&mut self, point: &LogPoint) {
        self.out.varint(zigzag(self.index, point.index.0));
        self.out.varint(u64::from(point.position));
        self.index = point.index.0;
    }

    /// ```text
    /// bits 0-1 what happened; 2 a region, or a guarantee achieved; 3 a point; 4 a node;
    /// 5 evidence; 6 evidence as file and number
    /// ```
    fn record(&mut self, record: &Record) {
        let flag = |set: bool, bit: u8| u8::from(set) << bit;
        let (kind, flags) = match &record.what {
            What::Invoke(invocation) => (0, flag(invocation.region.is_some(), 2)),
            What::Ok(answered) => {
                let evidence = answered.evidence.as_deref();
                let flags = flag(answered.achieved.is_some(), 2)
                    | flag(answered.point.is_some(), 3)
                    | flag(answered.node.is_some(), 4)
                    | flag(evidence.is_some(), 5)
                    | flag(evidence.and_then(item).is_some(), 6);
                (1, flags)
            }
            What::Fail { .. } => (2, 0),
            What::Info { point, .. } => (3, flag(point.is_some(), 3)),
        };
        self.out.u8(kind | flags);
        self.out.varint(record.process);
        self.out.varint(zigzag(self.operation, record.operation));
        self.out.varint(zigzag(self.time, record.time.0));
        (self.operation, self.time) = (record.operation, record.time.0);
        match &record.what {
            What::Invoke(invocation) => {
                self.action(&invocation.action);
                self.text(invocation.guarantee.to_string().as_bytes());
                if let Some(region) = &invocation.region {
                    self.text(region.as_bytes());
                }
            }
            What::Ok(answered) => {
                self.outcome(&answered.outcome);
                if let Some(achieved) = answered.achieved {
                    self.text(achieved.to_string().as_bytes());
                }
                if let Some(point) = &answered.point {
                    self.point(point);
                }
                if let Some(node) = answered.node {
                    self.out.varint(u64::from(node.0));
                }
                match (answered.evidence.as_deref(), answered.evidence.as_deref().and_then(item)) {
                    (_, Some((file, number))) => {
                        self.text(file.as_bytes());
                        self.out.varint(number);
                    }
                    (Some(evidence), None) => self.text(evidence.as_bytes()),
                    (None, None) => {}
                }
            }
            What::Fail { why } => self.text(why.as_bytes()),
            What::Info { why, point } => {
                self.text(why.as_bytes());
                if let Some(point) = point {
                    self.point(point);
                }
            }
        }
    }

    fn action(&mut self, action: &Action) {
        match action {
            Action::Get { key } => {
                self.out.u8(0);
                self.text(key);
            }
            Action::Put { key, value } => {
                self.out.u8(1);
                self.text(key);
                self.out.bytes(value);
            }
            Action::Append { key, value } => {
                self.out.u8(2);
                self.text(key);
                self.out.bytes(value);
            }
            Action::Delete { key } => {
                self.out.u8(3);
                self.text(key);
            }
            Action::DeleteRange { from, to } => {
                self.out.u8(4);
                self.text(from);
                self.maybe_text(to.as_ref());
            }
            Action::CompareAndSwap { key, expected, value } => {
                self.out.u8(5);
                self.text(key);
                self.maybe_bytes(expected.as_ref());
                self.out.bytes(value);
            }
            Action::Range { from, to, limit } => {
                self.out.u8(6);
                self.text(from);
                self.maybe_text(to.as_ref());
                self.out.bool(limit.is_some());
                if let Some(limit) = limit {
                    self.out.varint(*limit);
                }
            }
            Action::Transaction { compares, then, otherwise } => {
                self.out.u8(7);
                self.out.varint(compares.len() as u64);
                for compare in compares {
                    self.text(&compare.key);
                    self.maybe_bytes(compare.expected.as_ref());
                }
                for branch in [then, otherwise] {
                    self.out.varint(branch.len() as u64);
                    for action in branch {
                        self.action(action);
                    }
                }
            }
        }
    }

    fn outcome(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Done => self.out.u8(0),
            Outcome::Value(value) => {
                self.out.u8(1);
                self.maybe_bytes(value.as_ref());
            }
            Outcome::Deleted(count) => {
                self.out.u8(2);
                self.out.varint(*count);
            }
            Outcome::Swapped(swapped) => {
                self.out.u8(3);
                self.out.bool(*swapped);
            }
            Outcome::Entries(entries) => {
                self.out.u8(4);
                self.out.varint(entries.len() as u64);
                for (key, value) in entries {
                    self.text(key);
                    self.out.bytes(value);
                }
            }
            Outcome::Transaction { succeeded, outcomes } => {
                self.out.u8(5);
                self.out.bool(*succeeded);
                self.out.varint(outcomes.len() as u64);
                for outcome in outcomes {
                    self.outcome(outcome);
                }
            }
        }
    }

    fn step(&mut self, step: &Step) {
        self.out.u8(match step.happened {
            Happened::Invoke => 0,
            Happened::Ok => 1,
            Happened::Fail => 2,
            Happened::Info => 3,
        });
        self.datum(&step.process);
        self.datum(&step.function);
        self.out.bool(step.value.is_some());
        if let Some(value) = &step.value {
            self.datum(value);
        }
        self.out.bool(step.time.is_some());
        if let Some(time) = step.time {
            self.out.varint(zigzag(self.time, time.cast_unsigned()));
            self.time = time.cast_unsigned();
        }
        self.out.varint(step.others.len() as u64);
        for (name, value) in &step.others {
            self.datum(name);
            self.datum(value);
        }
    }

    fn datum(&mut self, datum: &Datum) {
        match datum {
            Datum::Nil => self.out.u8(0),
            Datum::Integer(number) => {
                self.out.u8(1);
                self.out.varint(zigzag(0, number.cast_unsigned()));
            }
            Datum::Word(word) => {
                self.out.u8(2);
                self.text(word.as_bytes());
            }
            Datum::Text(text) => {
                self.out.u8(3);
                self.text(text.as_bytes());
            }
            Datum::List(list) | Datum::Set(list) => {
                self.out.u8(if matches!(datum, Datum::Set(_)) { 5 } else { 4 });
                self.out.varint(list.len() as u64);
                for one in list {
                    self.datum(one);
                }
            }
            Datum::Map(map) => {
                self.out.u8(6);
                self.out.varint(map.len() as u64);
                for (key, value) in map {
                    self.datum(key);
                    self.datum(value);
                }
            }
        }
    }

    fn ran(&mut self, ran: &Ran) {
        self.out.varint(ran.session);
        let outcome = match ran.outcome {
            Ended::Committed => 0,
            Ended::Aborted => 1,
            Ended::Unknown => 4,
        };
        self.out.u8(outcome | u8::from(ran.span.is_some()) << 1);
        if let Some(Span { began, ended }) = ran.span {
            self.out.varint(zigzag(self.time, u64::from(began)));
            self.out.varint(u64::from(ended));
            self.time = u64::from(began);
        }
        self.out.varint(ran.steps.len() as u64);
        for (key, access, value) in &ran.steps {
            self.text(key);
            match access {
                Access::Write => self.out.u8(0),
                Access::Read => self.out.u8(1),
                Access::ReadInitial => self.out.u8(2),
            }
            if *access != Access::ReadInitial {
                self.out.varint(zigzag(0, value.cast_unsigned()));
            }
        }
    }
}

impl Encoder {
    /// The commit stamp is told by how far it is from the start, and that from the start before.
    fn stamped(&mut self, one: &Stamped) {
        self.out.bytes(&one.name);
        self.text(&one.session);
        let (start, commit) = (one.start, one.commit);
        self.out.varint(zigzag(self.time, start.physical.cast_unsigned()));
        self.out.varint(zigzag(0, start.logical.cast_unsigned()));
        let physical = (start.physical.cast_unsigned(), commit.physical.cast_unsigned());
        self.out.varint(zigzag(physical.0, physical.1));
        self.out.varint(zigzag(0, commit.logical.cast_unsigned()));
        self.time = start.physical.cast_unsigned();
        self.out.varint(one.steps.len() as u64);
        for (key, access) in &one.steps {
            self.text(key);
            match access {
                stamped::Access::Write(None) => self.out.u8(0),
                stamped::Access::Write(Some(value)) => self.value(1, *value),
                stamped::Access::Read(None) => self.out.u8(2),
                stamped::Access::Read(Some(value)) => self.value(3, *value),
                stamped::Access::Append(value) => self.value(4, *value),
                stamped::Access::ReadList(list) => {
                    self.out.u8(5);
                    self.out.varint(list.len() as u64);
                    for value in list {
                        self.out.varint(zigzag(0, value.cast_unsigned()));
                    }
                }
            }
        }
    }

    fn value(&mut self, kind: u8, value: i64) {
        self.out.u8(kind);
        self.out.varint(zigzag(0, value.cast_unsigned()));
    }
}

fn deep(action: &Action) -> usize {
    match action {
        Action::Transaction { then, otherwise, .. } => {
            1 + then.iter().chain(otherwise).map(deep).max().unwrap_or(0)
        }
        _ => 1,
    }
}

fn deep_outcome(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Transaction { outcomes, .. } => {
            1 + outcomes.iter().map(deep_outcome).max().unwrap_or(0)
        }
        _ => 1,
    }
}

fn deep_datum(datum: &Datum) -> usize {
    let of = |list: &[Datum]| 1 + list.iter().map(deep_datum).max().unwrap_or(0);
    match datum {
        Datum::List(list) | Datum::Set(list) => of(list),
        Datum::Map(map) => {
            let inner = |(key, value): &(Datum, Datum)| deep_datum(key).max(deep_datum(value));
            1 + map.iter().map(inner).max().unwrap_or(0)
        }
        _ => 1,
    }
}

/// How deep an event's parts stand within each other.
pub(super) fn depth(event: &Event) -> usize {
    match event {
        Event::Operation(record) => match &record.what {
            What::Invoke(invocation) => deep(&invocation.action),
            What::Ok(answered) => deep_outcome(&answered.outcome),
            What::Fail { .. } | What::Info { .. } => 1,
        },
        Event::Workload(step) => {
            let others = step.others.iter().flat_map(|(name, value)| [name, value]);
            let all = others.chain(&step.value).chain([&step.process, &step.function]);
            all.map(deep_datum).max().unwrap_or(0)
        }
        Event::Transaction(_) | Event::Stamped(_) => 1,
    }
}
