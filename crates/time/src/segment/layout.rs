//! A segment's bytes.

use super::{GENERATION_AT, Segment, Status};
use crate::interval::Drift;
use avouch_promise::Nanos;
use std::fmt;

/// Bytes of a segment.
pub const SEGMENT_BYTES: usize = 80;

const MAGIC: [u32; 2] = [0x414d_5a4e, 0x4342_0200];
const VERSION: u16 = 2;
const BILLION: u64 = 1_000_000_000;

/// No segment that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Too few bytes.
    Short(usize),
    /// It begins as something else.
    Magic([u32; 2]),
    /// Another version.
    Version(u16),
    /// It says that it is smaller than it has to be.
    Size(u32),
    /// A time or a bound that is none.
    Time(i64),
    /// More drift than a clock can have.
    Drift(u32),
    /// A status that is none.
    Status(i32),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short(bytes) => write!(f, "{bytes} bytes where a segment has {SEGMENT_BYTES}"),
            Self::Magic([one, other]) => {
                write!(f, "it begins with {one:08x} {other:08x}, as no segment does")
            }
            Self::Version(version) => write!(f, "version {version} where {VERSION} is known"),
            Self::Size(size) => {
                write!(f, "a size of {size} bytes where {SEGMENT_BYTES} are needed")
            }
            Self::Time(time) => write!(f, "a time or a bound of {time}"),
            Self::Drift(ppb) => write!(f, "a drift of {ppb} ppb, which is no clock's"),
            Self::Status(status) => write!(f, "status {status} where there are 0 to 3"),
        }
    }
}

/// What bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// A segment, if the generation is still this one when the bytes have been read.
    Written(Segment, u16),
    /// It is being written.
    Writing,
    /// Nothing was ever written to it.
    Empty,
}

impl Segment {
    /// Its 80 bytes, with an even generation.
    pub fn encode(&self, generation: u16) -> [u8; SEGMENT_BYTES] {
        let status = match self.status {
            Status::Unknown => 0_i32,
            Status::Synchronised => 1,
            Status::FreeRunning => 2,
            Status::Disrupted => 3,
        };
        let mut bytes = [0; SEGMENT_BYTES];
        let mut put = |at: usize, field: &[u8]| {
            bytes[at..at + field.len()].copy_from_slice(field);
        };
        put(0, &MAGIC[0].to_ne_bytes());
        put(4, &MAGIC[1].to_ne_bytes());
        put(8, &(SEGMENT_BYTES as u32).to_ne_bytes());
        put(12, &VERSION.to_ne_bytes());
        put(GENERATION_AT, &generation.to_ne_bytes());
        for (at, time) in [(16, self.as_of), (32, self.void_after)] {
            put(at, &(time.0 / BILLION).to_ne_bytes());
            put(at + 8, &(time.0 % BILLION).to_ne_bytes());
        }
        let bound = i64::try_from(self.bound.0).unwrap_or(i64::MAX);
        put(48, &bound.to_ne_bytes());
        put(56, &self.disruption_marker.to_ne_bytes());
        put(64, &self.drift.parts().to_ne_bytes());
        put(68, &status.to_ne_bytes());
        put(72, &[u8::from(self.tells_disruptions)]);
        bytes
    }

    /// Reads a segment; what comes behind it is passed over.
    pub fn decode(bytes: &[u8]) -> Result<Decoded, Malformed> {
        let bytes: &[u8; SEGMENT_BYTES] =
            bytes.first_chunk().ok_or(Malformed::Short(bytes.len()))?;
        let word = |at: usize| u32::from_ne_bytes(field(bytes, at));
        let long = |at: usize| i64::from_ne_bytes(field(bytes, at));
        let magic = [word(0), word(4)];
        if magic != MAGIC {
            return Err(Malformed::Magic(magic));
        }
        let version = u16::from_ne_bytes(field(bytes, 12));
        let generation = u16::from_ne_bytes(field(bytes, GENERATION_AT));
        if version == 0 || generation == 0 {
            return Ok(Decoded::Empty);
        }
        if version != VERSION {
            return Err(Malformed::Version(version));
        }
        if (word(8) as usize) < SEGMENT_BYTES {
            return Err(Malformed::Size(word(8)));
        }
        if generation & 1 == 1 {
            return Ok(Decoded::Writing);
        }
        let (drift, status) = (word(64), word(68).cast_signed());
        if u64::from(drift) >= BILLION {
            return Err(Malformed::Drift(drift));
        }
        let status = match status {
            0 => Status::Unknown,
            1 => Status::Synchronised,
            2 => Status::FreeRunning,
            3 => Status::Disrupted,
            other => return Err(Malformed::Status(other)),
        };
        let segment = Self {
            as_of: time(long(16), long(24))?,
            void_after: time(long(32), long(40))?,
            bound: Nanos(unsigned(long(48))?),
            disruption_marker: long(56).cast_unsigned(),
            drift: Drift::ppb(drift),
            status,
            tells_disruptions: bytes[72] != 0,
        };
        Ok(Decoded::Written(segment, generation))
    }
}

fn unsigned(number: i64) -> Result<u64, Malformed> {
    u64::try_from(number).map_err(|_| Malformed::Time(number))
}

fn time(seconds: i64, nanos: i64) -> Result<Nanos, Malformed> {
    let fraction = unsigned(nanos)?;
    if fraction >= BILLION {
        return Err(Malformed::Time(nanos));
    }
    let whole = unsigned(seconds)?.checked_mul(BILLION).and_then(|all| all.checked_add(fraction));
    whole.map(Nanos).ok_or(Malformed::Time(seconds))
}

/// The bytes at a place, which is within a segment.
fn field<const N: usize>(bytes: &[u8; SEGMENT_BYTES], at: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&bytes[at..at + N]);
    field
}
