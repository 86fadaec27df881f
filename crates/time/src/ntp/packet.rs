//! A packet: 48 bytes, and extension fields behind them that a client without keys has no use for.
//!
//! ```text
//!    0       1       2       3        byte
//!   LVM     stratum poll    precision LVM: 2 bits of leap, 3 of version, 3 of mode
//!   root delay                        8 and 12: units of 2^-16 s
//!   root dispersion
//!   reference identifier
//!   reference stamp (8 bytes)         when the clock was last set
//!   origin stamp                      what the request carried as transmit stamp
//!   receive stamp
//!   transmit stamp
//! ```
//!
//! RFC 5905, section 7.3.

use super::stamp::{NtpShort, NtpStamp};
use crate::interval::Warning;
use avouch_promise::Nanos;
use std::fmt;

/// Bytes of the header.
pub const PACKET_BYTES: usize = 48;

/// What becomes of the day's last minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leap {
    /// Nothing.
    #[default]
    None,
    /// It has 61 seconds.
    Inserted,
    /// It has 59 seconds.
    Deleted,
    /// The server does not know the time.
    Unsynchronised,
}

impl Leap {
    /// What an interval clock makes of it.
    pub fn warning(self) -> Warning {
        match self {
            Self::None | Self::Unsynchronised => Warning::None,
            Self::Inserted => Warning::Insertion,
            Self::Deleted => Warning::Deletion,
        }
    }
}

impl fmt::Display for Leap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Inserted => "inserted",
            Self::Deleted => "deleted",
            Self::Unsynchronised => "unsynchronised",
        })
    }
}

/// Who speaks, of those that an ordinary exchange knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A client.
    Client,
    /// A server.
    Server,
    /// Any other, by its number.
    Other(u8),
}

/// Not a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Too few bytes.
    Short(usize),
    /// A version that is none of 3 and 4.
    Version(u8),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short(bytes) => write!(f, "{bytes} bytes where a packet has {PACKET_BYTES}"),
            Self::Version(version) => write!(f, "version {version} where 3 and 4 are known"),
        }
    }
}

/// A packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Of the day's last minute.
    pub leap: Leap,
    /// 3 or 4.
    pub version: u8,
    /// Who speaks.
    pub mode: Mode,
    /// 1 for whoever has a reference clock, and one more for each server on the way; 0 is a kiss,
    /// 16 and more is nothing.
    pub stratum: u8,
    /// The logarithm to base 2 of the seconds between polls.
    pub poll: i8,
    /// The logarithm to base 2 of the clock's resolution, in seconds.
    pub precision: i8,
    /// The round trip to the reference clock.
    pub root_delay: NtpShort,
    /// How far off it may be besides.
    pub root_dispersion: NtpShort,
    /// The reference, or of a kiss its code.
    pub reference_id: [u8; 4],
    /// When the server's clock was last set.
    pub reference: NtpStamp,
    /// The transmit stamp of what is answered.
    pub origin: NtpStamp,
    /// When that came.
    pub receive: NtpStamp,
    /// When this was sent.
    pub transmit: NtpStamp,
}

impl Packet {
    /// What a server of stratum 2 answers to this request, which it had at `receive`, and whose
    /// clock may be off by `dispersion`. The answer is stamped in `transmit` as it leaves, and does
    /// not say before who its reference is.
    #[must_use]
    pub fn answered(&self, receive: NtpStamp, dispersion: Nanos) -> Self {
        Self {
            leap: Leap::None,
            version: self.version,
            mode: Mode::Server,
            stratum: 2,
            poll: self.poll,
            precision: -20,
            root_delay: NtpShort(0),
            root_dispersion: NtpShort::of(dispersion),
            reference_id: [0; 4],
            reference: receive,
            origin: self.transmit,
            receive,
            transmit: NtpStamp::ZERO,
        }
    }

    /// Its 48 bytes.
    pub fn encode(&self) -> [u8; PACKET_BYTES] {
        let leap = match self.leap {
            Leap::None => 0,
            Leap::Inserted => 1,
            Leap::Deleted => 2,
            Leap::Unsynchronised => 3,
        };
        let mode = match self.mode {
            Mode::Client => 3,
            Mode::Server => 4,
            Mode::Other(mode) => mode & 7,
        };
        let first = (leap << 6) | ((self.version & 7) << 3) | mode;
        let mut bytes = [0; PACKET_BYTES];
        let mut rest = bytes.as_mut_slice();
        let mut put = |field: &[u8]| {
            let (here, after) = std::mem::take(&mut rest).split_at_mut(field.len());
            here.copy_from_slice(field);
            rest = after;
        };
        put(&[first, self.stratum, self.poll.cast_unsigned(), self.precision.cast_unsigned()]);
        put(&self.root_delay.0.to_be_bytes());
        put(&self.root_dispersion.0.to_be_bytes());
        put(&self.reference_id);
        for stamp in [self.reference, self.origin, self.receive, self.transmit] {
            put(&stamp.0.to_be_bytes());
        }
        bytes
    }

    /// Reads a packet; what comes behind its header is passed over, whatever it is.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let header: &[u8; PACKET_BYTES] =
            bytes.first_chunk().ok_or(Malformed::Short(bytes.len()))?;
        let mut rest = header.as_slice();
        let [first, stratum, poll, precision] = take(&mut rest);
        let version = (first >> 3) & 7;
        if !(3..=4).contains(&version) {
            return Err(Malformed::Version(version));
        }
        let mut short = || NtpShort(u32::from_be_bytes(take(&mut rest)));
        let (root_delay, root_dispersion) = (short(), short());
        let reference_id = take(&mut rest);
        let mut stamp = || NtpStamp(u64::from_be_bytes(take(&mut rest)));
        Ok(Self {
            leap: match first >> 6 {
                0 => Leap::None,
                1 => Leap::Inserted,
                2 => Leap::Deleted,
                _ => Leap::Unsynchronised,
            },
            version,
            mode: match first & 7 {
                3 => Mode::Client,
                4 => Mode::Server,
                mode => Mode::Other(mode),
            },
            stratum,
            poll: poll.cast_signed(),
            precision: precision.cast_signed(),
            root_delay,
            root_dispersion,
            reference_id,
            reference: stamp(),
            origin: stamp(),
            receive: stamp(),
            transmit: stamp(),
        })
    }
}

/// The next bytes of a header, which has enough of them.
fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    match rest.split_first_chunk::<N>() {
        Some((field, after)) => {
            *rest = after;
            *field
        }
        None => [0; N],
    }
}
