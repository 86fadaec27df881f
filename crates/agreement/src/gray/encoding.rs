//! Reports as they travel: every number in full, in the order of the fields.

use super::lookout::Told;
use super::observer::{DiskSight, Report};
use super::peer::{Segments, Sight};
use super::tail::{Marks, Pattern, Tail};
use avouch_promise::{Decode, DecodeError, Encode, Nanos, NodeId, Reader, Writer};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Encode for Pattern {
    fn encode(&self, out: &mut Writer) {
        out.u8(match self {
            Self::Usual => 0,
            Self::Slow => 1,
            Self::Stops => 2,
            Self::InStep => 3,
            Self::Silent => 4,
        });
    }
}
impl Decode for Pattern {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let error = input.error("a pattern of late answers");
        Ok(match input.u8()? {
            0 => Self::Usual,
            1 => Self::Slow,
            2 => Self::Stops,
            3 => Self::InStep,
            4 => Self::Silent,
            _ => return Err(error),
        })
    }
}

impl Encode for Marks {
    fn encode(&self, out: &mut Writer) {
        out.u32(self.late);
        out.u32(self.in_bursts);
        self.steps.iter().flatten().for_each(|count| out.u32(*count));
    }
}
impl Decode for Marks {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut marks =
            Self { late: input.u32()?, in_bursts: input.u32()?, steps: Default::default() };
        for count in marks.steps.iter_mut().flatten() {
            *count = input.u32()?;
        }
        Ok(marks)
    }
}

impl Encode for Tail {
    fn encode(&self, out: &mut Writer) {
        out.u32(self.requests);
        out.u32(self.late);
        out.u32(self.waiting);
        self.pattern.encode(out);
        self.marks.encode(out);
        out.u64(self.longest.0);
        out.u64(self.usual.0);
    }
}
impl Decode for Tail {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            requests: input.u32()?,
            late: input.u32()?,
            waiting: input.u32()?,
            pattern: Pattern::decode(input)?,
            marks: Marks::decode(input)?,
            longest: Nanos(input.u64()?),
            usual: Nanos(input.u64()?),
        })
    }
}

impl Encode for Segments {
    fn encode(&self, out: &mut Writer) {
        let Self { sent, again, stretches, bad, dark, dark_run, rto, rto_usual, refused } = self;
        for count in [sent, again, stretches, bad, dark, dark_run] {
            out.u32(*count);
        }
        out.u64(rto.0);
        out.u64(rto_usual.0);
        out.bool(*refused);
    }
}
impl Decode for Segments {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            sent: input.u32()?,
            again: input.u32()?,
            stretches: input.u32()?,
            bad: input.u32()?,
            dark: input.u32()?,
            dark_run: input.u32()?,
            rto: Nanos(input.u64()?),
            rto_usual: Nanos(input.u64()?),
            refused: input.bool()?,
        })
    }
}

impl Encode for Sight {
    fn encode(&self, out: &mut Writer) {
        out.u64(self.unheard.0);
        self.memory.encode(out);
        self.durable.encode(out);
        self.segments.encode(out);
    }
}
impl Decode for Sight {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            unheard: Nanos(input.u64()?),
            memory: Tail::decode(input)?,
            durable: Tail::decode(input)?,
            segments: Segments::decode(input)?,
        })
    }
}

impl Encode for Report {
    fn encode(&self, out: &mut Writer) {
        self.observer.encode(out);
        out.varint(self.sights.len() as u64);
        for (peer, sight) in &self.sights {
            peer.encode(out);
            sight.encode(out);
        }
        let DiskSight { syncs, late, late_time, slowest, usual, queue_milli } = self.disk;
        out.u32(syncs);
        out.u32(late);
        out.u64(late_time.0);
        out.u64(slowest.0);
        out.u64(usual.0);
        out.u32(queue_milli);
        out.u64(self.stalled.0);
    }
}
impl Decode for Report {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let observer = NodeId::decode(input)?;
        let mut sights = BTreeMap::new();
        for _ in 0..input.count()? {
            let error = input.error("peers in the order of their numbers");
            let (peer, sight) = (NodeId::decode(input)?, Sight::decode(input)?);
            if sights.last_key_value().is_some_and(|(last, _)| *last >= peer) {
                return Err(error);
            }
            sights.insert(peer, sight);
        }
        let disk = DiskSight {
            syncs: input.u32()?,
            late: input.u32()?,
            late_time: Nanos(input.u64()?),
            slowest: Nanos(input.u64()?),
            usual: Nanos(input.u64()?),
            queue_milli: input.u32()?,
        };
        Ok(Self { observer, sights, disk, stalled: Nanos(input.u64()?) })
    }
}

impl Encode for Told {
    fn encode(&self, out: &mut Writer) {
        out.u64(self.age.0);
        self.report.encode(out);
    }
}
impl Decode for Told {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { age: Nanos(input.u64()?), report: Arc::new(Report::decode(input)?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_promise::Random;
    use avouch_promise::testing::mutate;

    #[test]
    fn a_report_survives_its_encoding_and_no_mutation_of_it_is_read_as_another_encoding() {
        let mut random = Random::new(Random::seed_from_environment());
        let tail = Tail {
            requests: 40,
            late: 7,
            waiting: 2,
            pattern: Pattern::InStep,
            marks: Marks { late: 7, in_bursts: 3, steps: [[1, 2, 3]; 4] },
            longest: Nanos(9),
            usual: Nanos::MAX,
        };
        let segments = Segments { sent: 5, again: 4, dark_run: 3, ..Segments::default() };
        let sight = Sight { unheard: Nanos::MAX, memory: tail, durable: tail, segments };
        let sights = [(NodeId(2), sight), (NodeId(9), Sight::default())].into();
        let (disk, stalled) =
            (DiskSight { late: 2, late_time: Nanos(8), ..DiskSight::default() }, Nanos(300));
        let report = Report { observer: NodeId(4), sights, disk, stalled };
        let bytes = report.to_bytes();
        assert_eq!(Report::from_bytes(&bytes).ok(), Some(report));
        for _ in 0..2_000 {
            let changed = mutate(&mut random, &bytes);
            if let Ok(read) = Report::from_bytes(&changed) {
                assert_eq!(read.to_bytes()[..], changed[..]);
            }
        }
    }
}
