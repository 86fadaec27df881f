//! One exchange: a request that tells nothing of its sender, and what may be made of the answer.
//!
//! The request's transmit stamp is a random number, which the answer has to carry as its origin
//! stamp: who cannot see the request cannot answer it, and who can learns nothing of this host's
//! clock (RFC 5905, section 9.2, test 2; draft-ietf-ntp-data-minimization).
//!
//! | an answer with | is |
//! |---|---|
//! | another mode, or another origin stamp | not to this request |
//! | stratum 0 | a kiss: its code says why (section 7.4); `DENY`, `RSTR` and `RATE` mean to stay away |
//! | leap 3, stratum 16 and above, no stamps | of a server that does not know the time |
//! | more than [`DISTANCE_MAX`] to the reference | of one that hardly does |
//!
//! Deviation: no test of the order of transmit stamps (duplicates), since each nonce is used once.

use super::packet::{Leap, Malformed, Mode, PACKET_BYTES, Packet};
use super::stamp::{NtpShort, NtpStamp, PIVOT};
use avouch_promise::{Nanos, WallTime};
use std::fmt;

/// Half the root delay and the root dispersion of a server that is believed: MAXDISP, 16 s.
pub const DISTANCE_MAX: Nanos = Nanos::from_secs(16);

/// The highest stratum of a server that knows the time.
const STRATUM_MAX: u8 = 15;

/// Kisses by which a server wants to be left alone, at least for a while.
const STAY_AWAY: [[u8; 4]; 3] = [*b"DENY", *b"RSTR", *b"RATE"];

/// What a server said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// When it had the request, by its clock.
    pub received: WallTime,
    /// When it answered.
    pub sent: WallTime,
    /// By how much its clock may be off, as it says: half the root delay, the root dispersion, and
    /// what its clock and the stamps cannot resolve.
    pub error: Nanos,
    /// The packet.
    pub packet: Packet,
}

/// Why there is no answer in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No packet.
    Malformed(Malformed),
    /// Not what a server answers to this request.
    NotToThis,
    /// Four letters instead of the time: it is not known yet (`INIT`, `STEP`), or to stay away.
    Kiss([u8; 4]),
    /// The server does not know the time.
    Unsynchronised {
        /// What it says of the leap.
        leap: Leap,
        /// And of its stratum.
        stratum: u8,
    },
    /// The server is too far from any reference.
    Distant(Nanos),
}

impl Refusal {
    /// Whether the server is not to be asked again.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Kiss(code) if STAY_AWAY.contains(code))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => write!(f, "{why}"),
            Self::NotToThis => f.write_str("a packet that answers no request of ours"),
            Self::Kiss(code) => {
                let letter = |byte: &u8| if byte.is_ascii_graphic() { *byte as char } else { '?' };
                let code: String = code.iter().map(letter).collect();
                let said = if self.is_final() { "told to stay away" } else { "no time yet" };
                write!(f, "{said} ({code})")
            }
            Self::Unsynchronised { leap, stratum } => {
                write!(f, "the server does not know the time (leap {leap}, stratum {stratum})")
            }
            Self::Distant(distance) => {
                write!(f, "the server is up to {distance} off, as it says")
            }
        }
    }
}

/// The request with this nonce, which nobody can guess.
pub fn request(nonce: u64) -> [u8; PACKET_BYTES] {
    Packet {
        leap: Leap::None,
        version: 4,
        mode: Mode::Client,
        stratum: 0,
        poll: 0,
        precision: 0,
        root_delay: NtpShort(0),
        root_dispersion: NtpShort(0),
        reference_id: [0; 4],
        reference: NtpStamp::ZERO,
        origin: NtpStamp::ZERO,
        receive: NtpStamp::ZERO,
        transmit: NtpStamp(nonce),
    }
    .encode()
}

/// What bytes that came say to the request with this nonce.
pub fn accept(bytes: &[u8], nonce: u64) -> Result<Answer, Refusal> {
    let packet = Packet::decode(bytes).map_err(Refusal::Malformed)?;
    if packet.mode != Mode::Server || packet.origin != NtpStamp(nonce) {
        return Err(Refusal::NotToThis);
    }
    if packet.stratum == 0 && packet.reference_id.iter().all(u8::is_ascii_graphic) {
        return Err(Refusal::Kiss(packet.reference_id));
    }
    // chronyd says that it knows no time by stratum 0 and no code.
    let synchronised = (1..=STRATUM_MAX).contains(&packet.stratum);
    let stamped = packet.receive != NtpStamp::ZERO && packet.transmit != NtpStamp::ZERO;
    if packet.leap == Leap::Unsynchronised || !synchronised || !stamped {
        return Err(Refusal::Unsynchronised { leap: packet.leap, stratum: packet.stratum });
    }
    let half = Nanos(packet.root_delay.span().0.div_ceil(2));
    let distance = half.plus(packet.root_dispersion.span());
    if distance >= DISTANCE_MAX {
        return Err(Refusal::Distant(distance));
    }
    // Stamps are cut to a nanosecond where they are read.
    let error = distance.plus(resolution(packet.precision)).plus(Nanos(1));
    let (received, sent) = (packet.receive.near(PIVOT), packet.transmit.near(PIVOT));
    Ok(Answer { received, sent, error, packet })
}

/// Two to so many seconds, rounded up; an hour for what is no clock.
fn resolution(precision: i8) -> Nanos {
    match precision {
        ..-40 => Nanos(1),
        -40..=0 => Nanos((1_000_000_000_u64 >> precision.unsigned_abs()).saturating_add(1)),
        1..=11 => Nanos::from_secs(1 << precision),
        _ => Nanos::from_secs(3_600),
    }
}
