//! What happens to the cluster while the clients ask, and when.
//!
//! ```text
//!   of the span   0       .15      .30      .42      .62      .72  .82           1
//!   faults        | calm  | leader | calm   | leader | calm   | leader  | calm   | last reads
//!                         | killed |        | mute   |        | paused  |
//!
//!   with a plant  0          .25          then                              at most 1
//!                 | calm     | nobody     | the leader is alone: its clients | end
//!                            | writes     | read on, the others write        |
//! ```
//!
//! "Mute" is a cut of one direction: the node still hears everything, and nothing that it says
//! arrives. What a fault did not bring about (no election, nobody who ran into it) is noted as
//! missing: a tour that showed nothing must not say that all is well.

use super::cluster::{Cluster, pause};
use super::crowd::{Crowd, Orders, Writers};
use super::notebook::{Notebook, Sample};
use crate::quantity::span_text;
use crate::screen::Screen;
use avouch_promise::guarantee::Guarantee;
use avouch_promise::{Error, NodeId};
use std::time::Duration;

/// How often the tour says how far it is.
const TICK: Duration = Duration::from_secs(5);
/// How long nobody writes before the planted bug is provoked: what was asked for is settled then.
const QUIET: Duration = Duration::from_millis(1_500);
/// How long the provocation may go on beyond the tour's span, on a slow machine.
const GRACE: Duration = Duration::from_secs(20);
/// How many writes, and reads after them, make sure that the planted bug had its chance.
const ENOUGH: usize = 8;

/// When a node could not be heard, or was alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) node: NodeId,
    pub(super) from: Duration,
    pub(super) to: Duration,
}

impl Cut {
    /// The node's region, as samples name it.
    pub(super) fn region(&self) -> usize {
        region(self.node)
    }
    /// Whether a request was asked and decided, one way or the other, during the cut.
    pub(super) fn saw(&self, sample: &Sample, deadline: Duration) -> bool {
        let decided = sample.ended.unwrap_or(sample.began + deadline);
        sample.began >= self.from && decided.min(sample.began + deadline) <= self.to
    }
}

/// Nodes are numbered from 1 in the order of the regions.
fn region(node: NodeId) -> usize {
    node.0 as usize - 1
}

/// What happened.
pub(super) struct Course {
    pub(super) cut: Cut,
    /// What should have happened and did not.
    pub(super) missing: Vec<String>,
}

/// Leads a tour.
pub(super) struct Director<'a> {
    pub(super) cluster: Cluster,
    pub(super) crowd: Crowd,
    pub(super) notebook: &'a Notebook,
    pub(super) screen: &'a mut Screen,
    pub(super) span: Duration,
    pub(super) missing: Vec<String>,
    /// Who was last said to lead: elections that no fault forced are told as well.
    pub(super) leads: NodeId,
}

impl Director<'_> {
    /// The faults, one after the other.
    pub(super) fn faults(mut self) -> Result<Course, Error> {
        self.until(0.15);
        self.kill_the_leader()?;
        self.until(0.42);
        let cut = self.mute_the_leader()?;
        self.until(0.72);
        self.pause_the_leader()?;
        self.until(1.0);
        self.say("calm: every region reads every key a last time");
        self.crowd.order(Orders::ReadAndStop);
        self.crowd.wait()?;
        self.cluster.stop()?;
        Ok(Course { cut, missing: self.missing })
    }

    /// A leader that is cut off goes on reading for its clients, while others write elsewhere.
    pub(super) fn provoke(mut self) -> Result<Course, Error> {
        self.until(0.25);
        self.crowd.order(Orders::Ask(Writers::Nobody));
        self.say("nobody writes for a moment, so that every write is settled");
        pause(QUIET);
        let old = self.leader()?;
        let from = self.notebook.elapsed();
        self.cluster.ways.cut_from(old);
        self.cluster.ways.cut_to(old);
        let name = self.cluster.name(old);
        self.say(&format!("cuts the leader {name} off in both directions; its clients read on"));
        self.wait_for_another(old, "the cut");
        self.crowd.order(Orders::Ask(Writers::AllBut(region(old))));
        self.say("the other regions write again");
        let written = self.wait_for(|sample| sample.is_write && sample.began > from);
        let since = self.notebook.elapsed();
        let alone = |sample: &Sample| {
            let strong = sample.guarantee == Guarantee::Linearizable;
            !sample.is_write && strong && sample.region == region(old) && sample.began > since
        };
        let read = written && self.wait_for(alone);
        if !written {
            self.missing.push("the other regions wrote too little during the cut".to_owned());
        } else if !read {
            self.missing.push(format!("{name} answered too few reads during the cut"));
        }
        let to = self.notebook.elapsed();
        self.crowd.order(Orders::Stop);
        self.cluster.ways.heal();
        self.crowd.wait()?;
        self.cluster.stop()?;
        Ok(Course { cut: Cut { node: old, from, to }, missing: self.missing })
    }

    fn kill_the_leader(&mut self) -> Result<(), Error> {
        let old = self.leader()?;
        let name = self.cluster.name(old);
        self.say(&format!("kills the leader {name}: no sync, no goodbye"));
        self.cluster.kill(old);
        self.wait_for_another(old, "the kill");
        self.until(0.30);
        self.cluster.restart(old)?;
        self.say(&format!("restarts {name} on its data"));
        Ok(())
    }

    fn mute_the_leader(&mut self) -> Result<Cut, Error> {
        let old = self.leader()?;
        let name = self.cluster.name(old);
        let from = self.notebook.elapsed();
        self.cluster.ways.cut_from(old);
        self.say(&format!("cuts {name}, which leads, off one way: it hears, but is not heard"));
        self.wait_for_another(old, "the cut");
        self.until(0.62);
        let to = self.notebook.elapsed();
        self.cluster.ways.heal();
        self.say(&format!("heals the way from {name}"));
        let cut = Cut { node: old, from, to };
        let seen = |weak: bool| {
            self.notebook.count(|sample| {
                let is_weak = sample.guarantee != Guarantee::Linearizable;
                sample.region == cut.region() && is_weak == weak && sample.began >= from
            })
        };
        if seen(true) == 0 {
            self.missing.push(format!("{name} answered nothing at all during the cut"));
        }
        Ok(cut)
    }

    fn pause_the_leader(&mut self) -> Result<(), Error> {
        let old = self.leader()?;
        let name = self.cluster.name(old);
        let span = self.span / 10;
        self.say(&format!("pauses {name}, which leads, for {}", span_text(span)));
        self.cluster.pause(old, span);
        self.wait_for_another(old, "the pause");
        self.until(0.82);
        self.say(&format!("{name} goes on where it was"));
        Ok(())
    }

    /// Who leads now; there may be an election under way.
    fn leader(&mut self) -> Result<NodeId, Error> {
        let leader = self.cluster.leader(None, GRACE)?;
        if leader != self.leads {
            let name = self.cluster.name(leader);
            self.say(&format!("{name} leads meanwhile: it was elected without a fault of ours"));
            self.leads = leader;
        }
        Ok(leader)
    }

    /// Waits for a leader other than `old`.
    fn wait_for_another(&mut self, old: NodeId, fault: &str) {
        let began = self.notebook.elapsed();
        match self.cluster.leader(Some(old), self.span / 6) {
            Ok(new) => {
                self.leads = new;
                let (name, took) =
                    (self.cluster.name(new), self.notebook.elapsed().saturating_sub(began));
                self.say(&format!("{name} leads, {} after {fault}", span_text(took)));
            }
            Err(error) => self.missing.push(format!("after {fault}: {}", error.got)),
        }
    }

    /// Waits until enough requests of this sort were answered; whether they were.
    fn wait_for(&mut self, select: impl Fn(&Sample) -> bool) -> bool {
        while self.notebook.elapsed() < self.span + GRACE {
            if self.notebook.count(&select) >= ENOUGH {
                return true;
            }
            pause(Duration::from_millis(20));
        }
        false
    }

    /// Lets time pass up to this part of the span, and says now and then how far it is.
    fn until(&mut self, part: f64) {
        let end = self.span.mul_f64(part);
        loop {
            let now = self.notebook.elapsed();
            let Some(left) = end.checked_sub(now).filter(|left| !left.is_zero()) else { return };
            let ticks = now.as_secs() / TICK.as_secs() + 1;
            let tick = TICK * u32::try_from(ticks).unwrap_or(u32::MAX);
            pause(left.min(tick.saturating_sub(now)));
            if tick < end && self.notebook.elapsed() >= tick {
                let answered = self.notebook.count(|_| true);
                self.say(&format!("{answered} answers so far"));
            }
        }
    }

    fn say(&mut self, text: &str) {
        let now = self.notebook.elapsed().as_secs_f64();
        self.screen.say(&format!("{now:5.1} s of {:.0} s  {text}", self.span.as_secs_f64()));
    }
}
