//! The one queue into the step thread, and its bounds.
//!
//! Clients beyond the bound are told at once that the node is busy; peers' messages wait for a
//! place, which fills the mesh's own bounded inbox and in the end holds the sender back.

use crate::node::{Ask, Node, Refused, Replied};
use avouch_agreement::log::Message;
use avouch_machine::{Event, Seq};
use avouch_promise::{Error, NodeId};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};

/// How many messages of peers may wait for the step thread.
const MESSAGES_MAX: usize = 1_024;

/// Where an answer goes. Dropped without one: the node is stopping.
pub(super) type Reply = oneshot::Sender<Result<Replied, Refused>>;

/// What the step thread takes in.
pub(super) enum Input {
    /// A client asks.
    Ask(Ask, Reply),
    /// A peer says something.
    Message(NodeId, Message),
    /// A worker read something back for the node.
    Event(Event<Node>),
    /// A worker wrote a checkpoint, or failed to.
    Checkpoint(Result<Seq, Error>),
    /// Stand still for so long.
    Pause(Duration),
    /// End; if `crash`, as a killed process would: without another sync.
    Stop { crash: bool },
}

/// The sending side.
#[derive(Clone)]
pub(super) struct Intake {
    inputs: mpsc::Sender<Input>,
    asks: Arc<AtomicUsize>,
    asks_max: usize,
    places: Arc<Semaphore>,
}

/// The receiving side.
pub(super) struct Outlet {
    inputs: mpsc::Receiver<Input>,
    asks: Arc<AtomicUsize>,
    places: Arc<Semaphore>,
}

/// A queue in which at most `asks_max` requests of clients wait.
pub(super) fn queue(asks_max: usize) -> (Intake, Outlet) {
    let (sender, receiver) = mpsc::channel();
    let (asks, places) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(MESSAGES_MAX)));
    let outlet = Outlet { inputs: receiver, asks: asks.clone(), places: places.clone() };
    (Intake { inputs: sender, asks, asks_max, places }, outlet)
}

/// Why a request did not get in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shut {
    /// Too many wait.
    Full,
    /// The thread has ended.
    Ended,
}

impl Intake {
    /// Puts in a client's request.
    pub(super) fn ask(&self, ask: Ask, reply: Reply) -> Result<(), Shut> {
        if self.asks.fetch_add(1, Ordering::Relaxed) >= self.asks_max {
            self.asks.fetch_sub(1, Ordering::Relaxed);
            return Err(Shut::Full);
        }
        self.inputs.send(Input::Ask(ask, reply)).map_err(|_| Shut::Ended)
    }

    /// Puts in a peer's message, once there is a place for it; false when the thread has ended.
    pub(super) async fn message(&self, from: NodeId, message: Message) -> bool {
        match self.places.acquire().await {
            Ok(place) => place.forget(),
            Err(_) => return false,
        }
        self.inputs.send(Input::Message(from, message)).is_ok()
    }

    /// Puts in anything else; lost when the thread has ended.
    pub(super) fn put(&self, input: Input) {
        let _ = self.inputs.send(input); // nobody is left to want it
    }
}

impl Outlet {
    /// The next input, waited for no longer than `patience`; none when it did not come.
    pub(super) fn wait(&self, patience: Duration) -> Option<Input> {
        self.inputs.recv_timeout(patience).ok().inspect(|input| self.took(input))
    }
    /// The next input if it is there.
    pub(super) fn take(&self) -> Option<Input> {
        self.inputs.try_recv().ok().inspect(|input| self.took(input))
    }
    fn took(&self, input: &Input) {
        match input {
            Input::Ask(..) => drop(self.asks.fetch_sub(1, Ordering::Relaxed)),
            Input::Message(..) => self.places.add_permits(1),
            _ => {}
        }
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.places.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn ask() -> (Ask, Reply) {
        (Ask { request: Bytes::new(), evidence: false, deadline: None }, oneshot::channel().0)
    }

    #[test]
    fn requests_beyond_the_bound_are_refused_until_some_are_taken() {
        let (intake, outlet) = queue(2);
        let put = || {
            let (ask, reply) = ask();
            intake.ask(ask, reply)
        };
        assert_eq!((put(), put(), put()), (Ok(()), Ok(()), Err(Shut::Full)));
        assert!(outlet.take().is_some());
        assert_eq!((put(), put()), (Ok(()), Err(Shut::Full)));
        drop(outlet);
        let (intake, outlet) = queue(2);
        drop(outlet);
        let (ask, reply) = ask();
        assert_eq!(intake.ask(ask, reply), Err(Shut::Ended));
    }
}
