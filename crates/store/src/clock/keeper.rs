//! The keeper: a node's wall clock with its bound, kept by a thread that asks its source.
//!
//! ```text
//!   NTP servers --exchange--> IntervalClock --\
//!   a segment   --read------> Claim ----------->  read() -> Wall: interval, class, reason
//!   chronyd     --asked-----> Claim ----------/   (by the step thread, at each event)
//! ```
//!
//! Nothing here fails: where a source says nothing, the clock has no bound, and says why.
//!
//! Invariants:
//! - I1 What is read claims a bound only from what was heard since the host slept last.
//! - I2 A claim about the clock that is set is widened by as much as that was set since.

use super::claimed::Claimed;
use super::servers::{Heard, Servers};
use super::source::Source;
use super::{claimed, machine, servers};
use avouch_promise::{Blame, Claimant, Error, Interval, Lack, Nanos, Wall};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What the host may have slept without anybody noticing: clocks are read one after the other.
pub(super) const SLEPT_LEAST: Nanos = Nanos::from_millis(1);

/// A node's wall clock. Dropping it ends its thread, which may take as long as one asking.
#[derive(Debug)]
pub struct Keeper {
    kept: Kept,
    thread: Option<(Arc<AtomicBool>, JoinHandle<()>)>,
}

#[derive(Debug)]
enum Kept {
    Nothing,
    Stated(Nanos),
    Servers(Arc<Mutex<Heard>>),
    Claimed(Claimant, Arc<Mutex<Option<Claimed>>>),
}

/// Asks until it is stopped.
type Asking = Box<dyn FnOnce(&AtomicBool) + Send>;

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Keeper {
    /// Begins to ask the source.
    ///
    /// # Errors
    /// `Environment` where the system gives no thread.
    pub fn start(source: &Source) -> Result<Self, Error> {
        let stop = Arc::new(AtomicBool::new(false));
        let (kept, ask): (Kept, Option<Asking>) = match source.clone() {
            Source::Nothing => (Kept::Nothing, None),
            Source::Stated(bound) => (Kept::Stated(bound), None),
            Source::Servers { names, trust, drift, poll } => {
                let heard = Arc::new(Mutex::new(Heard::new(names.len(), drift)));
                let mut servers = Servers::new(names, trust, poll, Arc::clone(&heard));
                let ask = move |stop: &AtomicBool| servers.ask(stop);
                (Kept::Servers(heard), Some(Box::new(ask)))
            }
            Source::Segment(path) => {
                let claim = Arc::new(Mutex::new(None));
                let kept = Kept::Claimed(Claimant::Segment, Arc::clone(&claim));
                let ask = move |stop: &AtomicBool| claimed::follow_segment(&path, &claim, stop);
                (kept, Some(Box::new(ask)))
            }
            Source::Chrony { door, drift, poll } => {
                let claim = Arc::new(Mutex::new(None));
                let kept = Kept::Claimed(Claimant::Chrony, Arc::clone(&claim));
                let ask = move |stop: &AtomicBool| {
                    claimed::follow_chronyd(&door, drift, poll, &claim, stop);
                };
                (kept, Some(Box::new(ask)))
            }
        };
        let thread = ask.map(|ask| spawn(Arc::clone(&stop), ask)).transpose()?;
        Ok(Self { kept, thread: thread.map(|thread| (stop, thread)) })
    }

    /// The wall clock now.
    pub fn read(&self) -> Wall {
        match &self.kept {
            Kept::Nothing => Wall::none(Lack::NoSource),
            Kept::Stated(bound) => Wall::stated(Interval::around(machine::wall(), *bound)),
            Kept::Servers(heard) => servers::read(&locked(heard), machine::slept()),
            Kept::Claimed(claimant, claim) => {
                claimed::read(*claimant, locked(claim).as_ref(), machine::slept())
            }
        }
    }

    /// Whether the node was told of a source of time.
    pub fn has_source(&self) -> bool {
        !matches!(self.kept, Kept::Nothing)
    }
}

fn spawn(stop: Arc<AtomicBool>, ask: Asking) -> Result<JoinHandle<()>, Error> {
    std::thread::Builder::new().name("avouch clock".to_owned()).spawn(move || ask(&stop)).map_err(
        |error| {
            let expected = "a thread that asks for the time";
            Error::new(Blame::Environment, expected, error.to_string())
        },
    )
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.thread.take() {
            stop.store(true, Ordering::Relaxed);
            thread.thread().unpark();
        }
    }
}

/// Waits, or until it is stopped.
pub(super) fn pause(span: Duration, stop: &AtomicBool) {
    let begun = machine::steady();
    while !stop.load(Ordering::Relaxed) {
        let left = super::nanos(span).minus(machine::steady().minus(begun));
        if left == Nanos::ZERO {
            return;
        }
        std::thread::park_timeout(Duration::from_nanos(left.0));
    }
}
