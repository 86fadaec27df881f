//! What a node says of its wall clock: an interval that contains the true time, the class of that
//! bound, and why.
//!
//! ```text
//! wall = interval (16) | tag (1) | what the tag needs, in varints
//! ```
//!
//! A node that knows no bound says so, with its reason; it never makes one up. Then the interval
//! is [`Interval::UNKNOWN`], and evidence that needs a clock is refuted.

use crate::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::quantity::{Interval, Nanos};
use std::fmt;

/// What a bound rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It follows from what is stated: rho, how many may lie, and the servers' own errors.
    Hard,
    /// It is likely.
    Statistical,
    /// There is none.
    None,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hard => "hard",
            Self::Statistical => "statistical",
            Self::None => "none",
        })
    }
}

/// Who claims a bound that this node has not measured itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Claimant {
    /// A segment of shared memory, as ClockBound writes it.
    Segment,
    /// chronyd.
    Chrony,
}

impl fmt::Display for Claimant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Segment => "a clock-bound segment",
            Self::Chrony => "chronyd",
        })
    }
}

/// Why there is no bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lack {
    /// The node was told of nothing to take the time from.
    NoSource,
    /// No server was heard.
    Unheard,
    /// Fewer servers were heard than it takes.
    TooFewHeard {
        /// How many were.
        heard: u32,
        /// How many it takes.
        needed: u32,
    },
    /// Not enough servers agree.
    NoMajority {
        /// How many do.
        agreeing: u32,
        /// How many must.
        needed: u32,
        /// How many were heard.
        heard: u32,
    },
    /// Measurements contradict the drift bound, or too many servers lie.
    Contradicted {
        /// By how much the oscillator is off at least, if the servers are right. From a billion on
        /// it is a step, which no drift explains.
        drift_least_ppb: u32,
    },
    /// The clock stood still, and nothing was measured since.
    Disrupted,
    /// Who is to know it claims nothing, or is not there.
    Unclaimed(Claimant),
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSource => f.write_str("no source of time is configured"),
            Self::Unheard => f.write_str("no time server was heard"),
            Self::TooFewHeard { heard, needed } => {
                write!(f, "{heard} time servers were heard, and {needed} are needed")
            }
            Self::NoMajority { agreeing, needed, heard } => {
                write!(f, "{agreeing} of {heard} time servers agree, {needed} must")
            }
            Self::Contradicted { drift_least_ppb: 1_000_000_000.. } => {
                f.write_str("measurements say that it was set or stood still, or servers lie")
            }
            Self::Contradicted { drift_least_ppb } => {
                let ppm = ppm(*drift_least_ppb);
                write!(f, "measurements say that it is off by {ppm} at least, or servers lie")
            }
            Self::Disrupted => f.write_str("it stood still, and nothing was measured since"),
            Self::Unclaimed(claimant) => write!(f, "{claimant} claims none"),
        }
    }
}

/// Where a bound comes from, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// There is no bound.
    None(Lack),
    /// An operator states it; nothing measures it.
    Stated,
    /// Servers were asked, and so many agree.
    Measured {
        /// How many hold one point possible.
        agreeing: u32,
        /// How many were heard.
        heard: u32,
        /// How many there are; of those fewer than half may lie.
        sources: u32,
        /// By how much the oscillator may be off.
        drift_ppb: u32,
    },
    /// Another program claims it.
    Claimed(Claimant),
}

impl Basis {
    /// What the bound rests on.
    pub const fn class(&self) -> Class {
        match self {
            Self::None(_) => Class::None,
            Self::Stated | Self::Measured { .. } => Class::Hard,
            Self::Claimed(_) => Class::Statistical,
        }
    }
}

fn ppm(ppb: u32) -> String {
    format!("{} ppm", f64::from(ppb) / 1e3)
}

impl fmt::Display for Basis {
    /// The reason, without the class.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None(lack) => write!(f, "{lack}"),
            Self::Stated => f.write_str("its operator states the bound"),
            Self::Measured { agreeing: _, heard: _, sources: 1, drift_ppb } => {
                write!(f, "one time server alone, a drift of at most {}", ppm(*drift_ppb))
            }
            Self::Measured { agreeing, heard, sources, drift_ppb } => {
                let lying = sources.saturating_sub(1) / 2;
                write!(
                    f,
                    "{agreeing} of {heard} time servers heard agree, of {sources} at most {lying} \
                     lie, a drift of at most {}",
                    ppm(*drift_ppb)
                )
            }
            Self::Claimed(claimant) => write!(f, "{claimant} claims the bound"),
        }
    }
}

/// A node's wall clock at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wall {
    /// The true time is in here, if what the basis needs holds.
    pub interval: Interval,
    /// Why.
    pub basis: Basis,
}

impl Wall {
    /// A clock whose bound somebody states; one without a bound has no source.
    pub fn stated(interval: Interval) -> Self {
        if interval == Interval::UNKNOWN {
            return Self::none(Lack::NoSource);
        }
        Self { interval, basis: Basis::Stated }
    }

    /// A clock without a bound.
    pub const fn none(lack: Lack) -> Self {
        Self { interval: Interval::UNKNOWN, basis: Basis::None(lack) }
    }

    /// Whether anything is claimed.
    pub fn is_bounded(&self) -> bool {
        self.basis.class() != Class::None && self.interval != Interval::UNKNOWN
    }

    /// Half the width; none where nothing is claimed.
    pub fn epsilon(&self) -> Option<Nanos> {
        let width = self.interval.latest.0.abs_diff(self.interval.earliest.0);
        self.is_bounded().then(|| Nanos(width.div_ceil(2)))
    }

    /// How long ago `earlier` was at most, by this clock and the one that read `earlier`; none
    /// where either claims nothing, or this one is surely before that one: then a bound is broken.
    ///
    /// Both contain the true time of their moment, so the time between lies within `latest` of the
    /// later one and `earliest` of the earlier one.
    pub fn since(&self, earlier: &Self) -> Option<Nanos> {
        let age = i128::from(self.interval.latest.0) - i128::from(earlier.interval.earliest.0);
        let known = self.is_bounded() && earlier.is_bounded() && age >= 0;
        known.then(|| Nanos(u64::try_from(age).unwrap_or(u64::MAX)))
    }
}

impl fmt::Display for Wall {
    /// `+- 1.02 ms, hard: one time server alone, ...` or `no bound: ...`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (class, basis) = (self.basis.class(), self.basis);
        match self.epsilon() {
            Some(epsilon) => write!(f, "+- {epsilon}, {class}: {basis}"),
            None => write!(f, "no bound: {basis}"),
        }
    }
}

impl Encode for Wall {
    fn encode(&self, out: &mut Writer) {
        self.interval.encode(out);
        let mut tagged = |tag: u8, numbers: &[u32]| {
            out.u8(tag);
            for number in numbers {
                out.varint(u64::from(*number));
            }
        };
        match self.basis {
            Basis::None(Lack::NoSource) => tagged(0, &[]),
            Basis::None(Lack::Unheard) => tagged(1, &[]),
            Basis::None(Lack::TooFewHeard { heard, needed }) => tagged(2, &[heard, needed]),
            Basis::None(Lack::NoMajority { agreeing, needed, heard }) => {
                tagged(3, &[agreeing, needed, heard]);
            }
            Basis::None(Lack::Contradicted { drift_least_ppb }) => tagged(4, &[drift_least_ppb]),
            Basis::None(Lack::Disrupted) => tagged(5, &[]),
            Basis::None(Lack::Unclaimed(Claimant::Segment)) => tagged(6, &[]),
            Basis::None(Lack::Unclaimed(Claimant::Chrony)) => tagged(7, &[]),
            Basis::Stated => tagged(8, &[]),
            Basis::Measured { agreeing, heard, sources, drift_ppb } => {
                tagged(9, &[agreeing, heard, sources, drift_ppb]);
            }
            Basis::Claimed(Claimant::Segment) => tagged(10, &[]),
            Basis::Claimed(Claimant::Chrony) => tagged(11, &[]),
        }
    }
}

impl Decode for Wall {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let interval = Interval::decode(input)?;
        let error = input.error("what a clock's bound rests on");
        let tag = input.u8()?;
        let mut number = || {
            let value = input.varint()?;
            u32::try_from(value).map_err(|_| input.error("a number of at most 32 bits"))
        };
        let basis = match tag {
            0 => Basis::None(Lack::NoSource),
            1 => Basis::None(Lack::Unheard),
            2 => Basis::None(Lack::TooFewHeard { heard: number()?, needed: number()? }),
            3 => Basis::None(Lack::NoMajority {
                agreeing: number()?,
                needed: number()?,
                heard: number()?,
            }),
            4 => Basis::None(Lack::Contradicted { drift_least_ppb: number()? }),
            5 => Basis::None(Lack::Disrupted),
            6 => Basis::None(Lack::Unclaimed(Claimant::Segment)),
            7 => Basis::None(Lack::Unclaimed(Claimant::Chrony)),
            8 => Basis::Stated,
            9 => Basis::Measured {
                agreeing: number()?,
                heard: number()?,
                sources: number()?,
                drift_ppb: number()?,
            },
            10 => Basis::Claimed(Claimant::Segment),
            11 => Basis::Claimed(Claimant::Chrony),
            _ => return Err(error),
        };
        Ok(Self { interval, basis })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test's panic is its failure")]
mod tests {
    use super::*;
    use crate::quantity::WallTime;

    fn all() -> Vec<Basis> {
        let lacks = [
            Lack::NoSource,
            Lack::Unheard,
            Lack::TooFewHeard { heard: 2, needed: 3 },
            Lack::NoMajority { agreeing: 1, needed: 2, heard: 3 },
            Lack::Contradicted { drift_least_ppb: 300_000 },
            Lack::Disrupted,
            Lack::Unclaimed(Claimant::Segment),
            Lack::Unclaimed(Claimant::Chrony),
        ];
        let bounded = [
            Basis::Stated,
            Basis::Measured { agreeing: 3, heard: 3, sources: 5, drift_ppb: 50_000 },
            Basis::Claimed(Claimant::Segment),
            Basis::Claimed(Claimant::Chrony),
        ];
        lacks.into_iter().map(Basis::None).chain(bounded).collect()
    }

    #[test]
    fn every_basis_reads_back_and_has_words_of_its_own() {
        let interval = Interval::around(WallTime(9), Nanos(3));
        let mut words = std::collections::BTreeSet::new();
        for basis in all() {
            let wall = Wall { interval, basis };
            assert_eq!(Wall::from_bytes(&wall.to_bytes()).unwrap(), wall);
            assert!(words.insert(basis.to_string()), "{basis}");
            assert_eq!(wall.epsilon().is_some(), basis.class() != Class::None, "{basis}");
        }
        let mut wrong = Wall::stated(interval).to_bytes().to_vec();
        wrong[16] = 12;
        assert!(Wall::from_bytes(&wrong).is_err());
    }

    #[test]
    fn an_age_counts_both_bounds_and_is_nothing_without_them() {
        let at = |time, epsilon| Wall::stated(Interval::around(WallTime(time), Nanos(epsilon)));
        assert_eq!(at(100, 5).since(&at(40, 2)), Some(Nanos(67)));
        assert_eq!(
            (at(38, 2).since(&at(40, 0)), at(10, 0).since(&at(40, 0))),
            (Some(Nanos(0)), None)
        );
        let none = Wall::none(Lack::Disrupted);
        assert_eq!((at(1, 1).since(&none), none.since(&at(1, 1))), (None, None));
        // An interval beside a basis that claims nothing is nothing either.
        let false_claim = Wall { basis: Basis::None(Lack::Unheard), ..at(1, 1) };
        assert_eq!((false_claim.epsilon(), at(1, 1).since(&false_claim)), (None, None));
    }
}
