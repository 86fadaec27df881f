//! The reports: of chronyd's clock, of each source, and of what it serves.

use super::float::ChronyFloat;
use super::wire::{Fields, Malformed};
use avouch_promise::{Nanos, WallTime};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const BILLION: u32 = 1_000_000_000;
/// What stands for the upper half of seconds where there are 32 bits of them.
const NO_UPPER_HALF: u32 = 0x7fff_ffff;

/// Whom chronyd follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Nobody by an address: a reference clock, or its own.
    Unspecified,
    /// A server.
    Address(IpAddr),
    /// A server whose address is not known yet, by a number.
    Number(u32),
}

impl Peer {
    fn read(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        let address: [u8; 16] = fields.take()?;
        let family = fields.u16()?;
        fields.skip(2)?;
        let [a, b, c, d, ..] = address;
        Ok(match family {
            0 => Self::Unspecified,
            1 => Self::Address(Ipv4Addr::new(a, b, c, d).into()),
            2 => Self::Address(Ipv6Addr::from(address).into()),
            3 => Self::Number(u32::from_be_bytes([a, b, c, d])),
            other => return Err(Malformed::Family(other)),
        })
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unspecified => f.write_str("0.0.0.0"),
            Self::Address(address) => write!(f, "{address}"),
            Self::Number(number) => write!(f, "ID#{number:010}"),
        }
    }
}

fn instant(fields: &mut Fields<'_>) -> Result<WallTime, Malformed> {
    let (upper, lower, nanos) = (fields.u32()?, fields.u32()?, fields.u32()?);
    if nanos >= BILLION {
        return Err(Malformed::Number);
    }
    let upper = if upper == NO_UPPER_HALF { 0 } else { upper };
    let seconds = ((u64::from(upper) << 32) | u64::from(lower)).cast_signed();
    let nanos = i64::from(nanos);
    let whole = seconds.checked_mul(i64::from(BILLION)).and_then(|all| all.checked_add(nanos));
    whole.map(WallTime).ok_or(Malformed::Number)
}

fn real(fields: &mut Fields<'_>) -> Result<f64, Malformed> {
    Ok(ChronyFloat(fields.u32()?).value())
}

/// What chronyd thinks of its clock. Reals are in seconds, and in parts per million.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tracking {
    /// What it follows: an address, or four letters.
    pub reference_id: u32,
    /// Whom it follows.
    pub peer: Peer,
    /// Its own stratum; 0 where it follows nobody.
    pub stratum: u16,
    /// 0 none, 1 inserted, 2 deleted, 3 unsynchronised.
    pub leap: u16,
    /// When it last took in a measurement.
    pub reference_time: WallTime,
    /// By how much the system's clock is ahead of chrony's time, which it is slewed away.
    pub correction: f64,
    /// The offset that the last measurement had.
    pub last_offset: f64,
    /// The long-term average of offsets.
    pub rms_offset: f64,
    /// The oscillator's rate, as it is corrected.
    pub frequency_ppm: f64,
    /// What the source says of the rate besides.
    pub residual_frequency_ppm: f64,
    /// How far off the rate may be.
    pub skew_ppm: f64,
    /// The round trip to the reference clock.
    pub root_delay: f64,
    /// How far off it may be besides.
    pub root_dispersion: f64,
    /// From the measurement before the last to the last.
    pub update_interval: f64,
}

impl Tracking {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            reference_id: fields.u32()?,
            peer: Peer::read(fields)?,
            stratum: fields.u16()?,
            leap: fields.u16()?,
            reference_time: instant(fields)?,
            correction: real(fields)?,
            last_offset: real(fields)?,
            rms_offset: real(fields)?,
            frequency_ppm: real(fields)?,
            residual_frequency_ppm: real(fields)?,
            skew_ppm: real(fields)?,
            root_delay: real(fields)?,
            root_dispersion: real(fields)?,
            update_interval: real(fields)?,
        })
    }

    /// Whether chronyd says that it knows the time.
    pub fn is_synchronised(&self) -> bool {
        self.leap < 3 && self.stratum > 0
    }

    /// By how much the system's clock may be off, as chronyd says: half the root delay, the root
    /// dispersion, and what is left to correct. None where it says that it knows no time.
    ///
    /// That is an estimate and no bound: a regression takes a step of the rate for noise.
    pub fn claim(&self) -> Option<Nanos> {
        let seconds = self.root_delay / 2.0 + self.root_dispersion + self.correction.abs();
        let nanos = (seconds * f64::from(BILLION)).ceil();
        #[expect(clippy::cast_sign_loss, reason = "negative ones are nothing")]
        (self.is_synchronised() && nanos >= 0.0).then_some(Nanos(nanos as u64))
    }
}

/// What a source is to chronyd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// What the clock follows.
    Selected,
    /// Not to be selected: silent, or without the time.
    Unselectable,
    /// Others agree on another time.
    Falseticker,
    /// It varies too much.
    Jittery,
    /// Good, and combined with the selected one.
    Combined,
    /// Good, and not combined.
    Selectable,
    /// Any other, by its number.
    Other(u16),
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Selected => "sync",
            Self::Unselectable => "unreach",
            Self::Falseticker => "falseticker",
            Self::Jittery => "jittery",
            Self::Combined => "candidate",
            Self::Selectable => "outlier",
            Self::Other(_) => "unknown",
        })
    }
}

/// What sort of source it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A server that is asked.
    Client,
    /// A peer.
    Peer,
    /// A reference clock of this host.
    Reference,
    /// Any other, by its number.
    Other(u16),
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Peer => "peer",
            Self::Reference => "reference clock",
            Self::Other(_) => "unknown",
        })
    }
}

/// Which of the last eight polls were answered; the last one is the lowest bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach(pub u8);

impl Reach {
    /// How many of eight.
    pub fn ratio(self) -> f64 {
        f64::from(self.0.count_ones()) / 8.0
    }

    /// Whether the last one was.
    pub fn last(self) -> bool {
        self.0 & 1 == 1
    }
}

/// What chronyd thinks of a source. Reals are in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SourceReport {
    /// Who it is.
    pub peer: Peer,
    /// The logarithm to base 2 of the seconds between polls.
    pub poll: i16,
    /// Its stratum.
    pub stratum: u16,
    /// What it is to chronyd.
    pub state: State,
    /// What sort it is.
    pub mode: Mode,
    /// Which polls were answered.
    pub reach: Reach,
    /// Seconds since the last measurement; none where there was none.
    pub age: Option<u32>,
    /// The last offset as it was measured.
    pub measured_offset: f64,
    /// The same, less what the clock was corrected by since.
    pub offset: f64,
    /// How far off that may be.
    pub error: f64,
}

impl SourceReport {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        let peer = Peer::read(fields)?;
        let poll = fields.u16()?.cast_signed();
        let stratum = fields.u16()?;
        let state = match fields.u16()? {
            0 => State::Selected,
            1 => State::Unselectable,
            2 => State::Falseticker,
            3 => State::Jittery,
            4 => State::Combined,
            5 => State::Selectable,
            other => State::Other(other),
        };
        let mode = match fields.u16()? {
            0 => Mode::Client,
            1 => Mode::Peer,
            2 => Mode::Reference,
            other => Mode::Other(other),
        };
        fields.skip(2)?;
        let [_, reach] = fields.take()?;
        let age = Some(fields.u32()?).filter(|age| *age != u32::MAX);
        let (measured_offset, offset, error) = (real(fields)?, real(fields)?, real(fields)?);
        let reach = Reach(reach);
        Ok(Self { peer, poll, stratum, state, mode, reach, age, measured_offset, offset, error })
    }
}

/// What chronyd made of a source's measurements. Reals are in seconds, and in parts per million.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SourceStatistics {
    /// Four bytes that name the source.
    pub reference_id: u32,
    /// Who it is.
    pub peer: Peer,
    /// How many measurements are kept.
    pub samples: u32,
    /// How many runs of residuals have one sign.
    pub runs: u32,
    /// From the oldest to the newest.
    pub span_seconds: u32,
    /// The standard deviation of a measurement.
    pub deviation: f64,
    /// The rate of the source's clock against this host's.
    pub residual_frequency_ppm: f64,
    /// How far off that may be.
    pub skew_ppm: f64,
    /// The offset that the regression gives.
    pub offset: f64,
    /// How far off that may be.
    pub error: f64,
}

impl SourceStatistics {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            reference_id: fields.u32()?,
            peer: Peer::read(fields)?,
            samples: fields.u32()?,
            runs: fields.u32()?,
            span_seconds: fields.u32()?,
            deviation: real(fields)?,
            residual_frequency_ppm: real(fields)?,
            skew_ppm: real(fields)?,
            offset: real(fields)?,
            error: real(fields)?,
        })
    }
}

/// What chronyd served since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerStatistics {
    /// NTP requests.
    pub ntp_hits: u64,
    /// Connections for keys of NTS.
    pub nts_hits: u64,
    /// Commands.
    pub command_hits: u64,
    /// NTP requests beyond the permitted rate.
    pub ntp_drops: u64,
    /// Connections beyond it.
    pub nts_drops: u64,
    /// Commands beyond it.
    pub command_drops: u64,
    /// Clients that the log had no room for.
    pub log_drops: u64,
    /// NTP requests that were authenticated.
    pub authenticated_hits: u64,
    /// NTP requests in the interleaved mode.
    pub interleaved_hits: u64,
    /// Pairs of stamps that are kept for that mode.
    pub stamps_held: u64,
    /// And the seconds that these cover.
    pub stamps_span_seconds: u64,
    /// Answers by who took their receive and their transmit stamp: the daemon, the kernel, the
    /// network card, receive first. Nothing before chrony 4.4.
    pub stamped: [u64; 6],
}

impl ServerStatistics {
    /// 32 bits a number: chrony 4.2 and 4.3.
    pub(super) fn narrow(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        Self::by(|| fields.u32().map(u64::from))
    }

    /// 64 bits a number: chrony 4.4 and later.
    pub(super) fn wide(fields: &mut Fields<'_>) -> Result<Self, Malformed> {
        let mut said = Self::by(|| fields.u64())?;
        for stamped in &mut said.stamped {
            *stamped = fields.u64()?;
        }
        Ok(said)
    }

    fn by(mut next: impl FnMut() -> Result<u64, Malformed>) -> Result<Self, Malformed> {
        Ok(Self {
            ntp_hits: next()?,
            nts_hits: next()?,
            command_hits: next()?,
            ntp_drops: next()?,
            nts_drops: next()?,
            command_drops: next()?,
            log_drops: next()?,
            authenticated_hits: next()?,
            interleaved_hits: next()?,
            stamps_held: next()?,
            stamps_span_seconds: next()?,
            stamped: [0; 6],
        })
    }
}
