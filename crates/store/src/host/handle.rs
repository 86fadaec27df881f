//! A running node, as the wire and whoever embeds it see it.

use super::gauges::Shared;
use super::intake::{Input, Intake, Shut};
use super::recorder::{Recording, Switch};
use super::stamps::{self, Stamps};
use crate::clock::Keeper;
use crate::node;
use crate::wire::ask::{
    Answered, Ask, Gauge, Identity, Member, Question, Refusal, Status, no_stamps,
};
use crate::wire::peer::Mesh;
use avouch_promise::{Error, Nanos};
use avouch_time::hybrid::{Refused, Stamp};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::oneshot;

/// How often, and after how long each time, a stamp is asked for again while the floor is raised.
const FLOOR_PATIENCE: u32 = 400;
const FLOOR_PAUSE: Duration = Duration::from_millis(5);

/// A running node; clones speak to the same one.
#[derive(Clone)]
pub struct Handle {
    pub(super) intake: Intake,
    pub(super) shared: Arc<Shared>,
    pub(super) identity: Identity,
    pub(super) members: Arc<[Member]>,
    pub(super) mesh: Weak<Mesh>,
    pub(super) switch: Arc<Switch>,
    pub(super) clock: Weak<Keeper>,
    pub(super) stamps: Option<Arc<Stamps>>,
}

/// What a node has stepped, and what of it was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stepped {
    /// Every step.
    pub steps: u64,
    /// Those that were recorded.
    pub recorded: u64,
    /// How long these took.
    pub recorded_for: Nanos,
}

impl Handle {
    /// Lets the node stand still, as a process that the operating system does not run.
    pub fn pause(&self, duration: std::time::Duration) {
        self.intake.put(Input::Pause(duration));
    }

    /// Changes which steps are written down in the data folder, from now on.
    pub fn record(&self, recording: Recording) {
        self.switch.set(recording);
    }

    /// What the node has stepped so far.
    pub fn stepped(&self) -> Stepped {
        Stepped {
            steps: self.shared.events.value(),
            recorded: self.shared.recorded.value(),
            recorded_for: Nanos(self.shared.recorded_ns.value()),
        }
    }

    /// What an operator may want to read of what happened since the last call.
    pub fn take_notes(&self) -> Vec<String> {
        let mesh = self.mesh.upgrade();
        let refusals = mesh.map(|mesh| mesh.take_refusals()).unwrap_or_default();
        let mut notes = self.shared.take_notes();
        notes.extend(refusals.iter().map(|error| format!("a peer's connection: {error}")));
        notes
    }
}

impl Ask for Handle {
    async fn ask(&self, question: Question) -> Result<Answered, Refusal> {
        let Question { request, read_only: _, evidence, deadline } = question;
        let deadline = deadline.map(|span| Nanos(span.as_nanos().try_into().unwrap_or(u64::MAX)));
        let (reply, answer) = oneshot::channel();
        let ask = node::Ask { request, evidence, deadline };
        self.intake.ask(ask, reply).map_err(|shut| match shut {
            Shut::Full => Refusal::Busy,
            Shut::Ended => Refusal::Stopping,
        })?;
        match answer.await {
            Ok(Ok(replied)) => Ok(answered(replied)),
            Ok(Err(refused)) => Err(refusal(refused)),
            Err(_) => Err(Refusal::Stopping),
        }
    }
    async fn stamp(&self, seen: Option<Stamp>) -> Result<Option<Stamp>, Error> {
        let Some(stamps) = &self.stamps else {
            return seen.map_or(Ok(None), |_| Err(no_stamps()));
        };
        let give = || stamps.give(seen);
        if stamps.begins_to_raise() {
            let (stamps, shared) = (Arc::clone(stamps), Arc::clone(&self.shared));
            tokio::task::spawn_blocking(move || {
                if let Err(error) = stamps.raise() {
                    shared.note(error.to_string());
                }
            });
        }
        let mut answer = give();
        for _ in 0..FLOOR_PATIENCE {
            if !matches!(answer, Err(Refused::Floor(_))) {
                break;
            }
            tokio::time::sleep(FLOOR_PAUSE).await;
            answer = give();
        }
        match answer {
            Ok(stamp) => Ok(Some(stamp)),
            Err(_) if seen.is_none() => Ok(None),
            Err(refused) => Err(stamps::told(refused)),
        }
    }
    fn identity(&self) -> Identity {
        self.identity
    }
    fn status(&self) -> Status {
        self.shared.status()
    }
    fn members(&self) -> Vec<Member> {
        self.members.to_vec()
    }
    fn gauges(&self) -> Vec<Gauge> {
        let mut gauges = self.shared.gauges(self.mesh.upgrade().as_deref());
        gauges.extend(self.clock.upgrade().iter().flat_map(|clock| of_clock(clock)));
        gauges
    }
}

/// What the node knows of its own wall clock.
fn of_clock(clock: &Keeper) -> Vec<Gauge> {
    let wall = clock.read();
    let labels = vec![("class", wall.basis.class().to_string())];
    let bounded = Gauge {
        name: "avouch_node_clock_bounded",
        help: "Whether the node's wall clock has a bound: 1 or 0.",
        labels,
        value: if wall.is_bounded() { 1.0 } else { 0.0 },
        counter: false,
    };
    let epsilon = wall.epsilon().map(|epsilon| Gauge {
        name: "avouch_node_clock_epsilon_seconds",
        help: "By how much the middle of the node's wall interval is off at most, in seconds.",
        labels: Vec::new(),
        value: Duration::from_nanos(epsilon.0).as_secs_f64(),
        counter: false,
    });
    [Some(bounded), epsilon].into_iter().flatten().collect()
}

fn answered(replied: node::Replied) -> Answered {
    let node::Replied { outcome, evidence, achieved, point, ballot, hops } = replied;
    let achieved = achieved.to_string();
    // A retry is the same bytes, so the request as it stands in the log is the one asked.
    Answered { outcome, evidence, original: None, achieved, point, ballot, hops }
}

fn refusal(refused: node::Refused) -> Refusal {
    match refused {
        node::Refused::Busy => Refusal::Busy,
        node::Refused::Deadline { detail } => Refusal::Deadline { detail },
        node::Refused::Error(error) => Refusal::Error(error),
    }
}
