//! What is wished for, as valid values.

use super::super::arguments::Audit;
use crate::{node_clock, quantity};
use avouch_promise::{Blame, Error, Nanos};
use avouch_store::clock::address::{Server, distinct};
use avouch_store::clock::chronyd::Door;
use avouch_store::clock::nts::Trust;
use avouch_time::interval::Drift;
use std::path::PathBuf;
use std::time::Duration;

/// How often each source is asked, unless it is watched.
const SAMPLES: u32 = 4;

/// What is wished for.
pub(super) struct Wish {
    pub(super) sources: Vec<Server>,
    /// Who is believed where a source vouches for its time.
    pub(super) trust: Option<Trust>,
    /// How often each is asked; none is without an end.
    pub(super) samples: Option<u32>,
    pub(super) interval: Duration,
    pub(super) rho: Drift,
    pub(super) within: Option<Nanos>,
    pub(super) watch: bool,
    /// Where chronyd is asked, a segment read, and one written.
    pub(super) chronyd: Option<Door>,
    pub(super) segment: Option<PathBuf>,
    pub(super) publish: Option<PathBuf>,
}

/// rho, from parts per million.
pub(in super::super) fn drift_bound(ppm: f64) -> Result<Drift, Error> {
    let parts = ppm * 1e3;
    if !(1.0..=1e6).contains(&parts) {
        let expected = "--drift-bound from 0.001 to 1000 ppm";
        return Err(Error::new(Blame::Caller, expected, format!("{ppm}"))
            .hint("an oscillator of a server is within 50 or so; 15 is what RFC 5905 assumes"));
    }
    #[expect(clippy::cast_sign_loss, reason = "it is in its range")]
    let rho = Drift::ppb(parts.ceil() as u32);
    Ok(rho)
}

impl Wish {
    pub(super) fn of(audit: &Audit) -> Result<Self, Error> {
        let rho = drift_bound(audit.drift_bound)?;
        let sources = distinct(&audit.sources)?;
        Ok(Self {
            sources,
            trust: node_clock::trust(&audit.sources, audit.nts_authority.as_deref())?,
            samples: audit.samples.or((!audit.watch).then_some(SAMPLES)),
            interval: quantity::span(&audit.interval)?,
            rho,
            within: audit.within.as_deref().map(quantity::span).transpose()?.map(quantity::nanos),
            watch: audit.watch,
            chronyd: audit.chrony.as_deref().map(Door::of).transpose()?,
            segment: audit.segment.clone(),
            publish: audit.publish.clone(),
        })
    }
}
