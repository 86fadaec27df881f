//! A host of the simulation: its clocks, its exchanges under way, and what befalls it.

use super::super::{Measurement, Moment};
use super::network::{Path, Server};
use super::oscillator::Oscillator;
use avouch_promise::{Random, WallTime};

/// The true time at the start.
pub(super) const START: WallTime = WallTime(1_780_000_000_000_000_000);

pub(super) const SECOND: u64 = 1_000_000_000;

/// An answer on its way back.
#[derive(Clone, Debug)]
struct UnderWay {
    source: usize,
    arrives_ns: u64,
    sent: Moment,
    server_received: WallTime,
    server_sent: WallTime,
}

/// The host.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub(super) oscillator: Oscillator,
    /// By how much the wall clock was set ahead of the steady one.
    pub(super) set_ns: i64,
    under_way: Vec<UnderWay>,
}

impl Host {
    pub(super) fn new(oscillator: Oscillator) -> Self {
        Self { oscillator, set_ns: START.0, under_way: Vec::new() }
    }

    /// Its clocks, so many nanoseconds into this second.
    pub(super) fn moment(&self, into_ns: u64) -> Moment {
        let steady = self.oscillator.steady(into_ns);
        Moment { steady, wall: WallTime(self.set_ns + steady.0.cast_signed()) }
    }

    /// Asks a server at a moment of this second.
    pub(super) fn ask(
        &mut self,
        (source, server, path): (usize, &Server, Path),
        (second, into_ns): (u64, u64),
        random: &mut Random,
    ) {
        let (out, back) = path.delays(random);
        let there_ns = second * SECOND + into_ns + out;
        let held = 1_000 + random.below(20_000);
        self.under_way.push(UnderWay {
            source,
            arrives_ns: there_ns + held + back,
            sent: self.moment(into_ns),
            server_received: server.clock(there_ns, random),
            server_sent: server.clock(there_ns, random).plus(avouch_promise::Nanos(held)),
        });
    }

    /// What is under way is lost.
    pub(super) fn lose(&mut self) {
        self.under_way.clear();
    }

    /// The answers that come in this second before a moment of it, in order.
    pub(super) fn arrived(
        &mut self,
        (second, until_ns): (u64, u64),
        servers: &[Server],
    ) -> Vec<(usize, Measurement)> {
        let until = second * SECOND + until_ns;
        if self.under_way.iter().all(|answer| answer.arrives_ns >= until) {
            return Vec::new();
        }
        let (mut here, later): (Vec<_>, Vec<_>) =
            self.under_way.drain(..).partition(|answer| answer.arrives_ns < until);
        self.under_way = later;
        here.sort_by_key(|answer| answer.arrives_ns);
        let measured = |answer: UnderWay| {
            let measurement = Measurement {
                sent: answer.sent,
                server_received: answer.server_received,
                server_sent: answer.server_sent,
                received: self.moment(answer.arrives_ns - second * SECOND),
                server_error: servers[answer.source].error,
            };
            (answer.source, measurement)
        };
        here.into_iter().map(measured).collect()
    }
}
