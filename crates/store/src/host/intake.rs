//! The one queue into the step thread, and its bounds.
//!
//! Bounded are both the count and the bytes of what waits. Clients beyond a bound are told at once
//! that the node is busy; peers' messages wait for a place, which fills the mesh's own bounded
//! inbox and in the end holds the sender back.

use crate::node::{Ask, Node, Refused, Replied};
use avouch_agreement::log::{Bounds, Message};
use avouch_machine::{Event, Seq};
use avouch_promise::{Error, NodeId};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};

/// How many messages of peers may wait for the step thread.
const MESSAGES_MAX: usize = 1_024;
/// How many bytes of them, as they came over the wire; the longest message fits several times.
const MESSAGE_BYTES_MAX: usize = 64 << 20;

/// Where an answer goes. Dropped without one: the node is stopping.
pub(super) type Reply = oneshot::Sender<Result<Replied, Refused>>;

/// What the step thread takes in.
pub(super) enum Input {
    /// A client asks.
    Ask(Ask, Reply),
    /// A peer says something, in so many bytes.
    Message(NodeId, Message, u32),
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
    asks: Arc<Asks>,
    bounds: Bounds,
    room: Arc<Room>,
}

/// The receiving side.
pub(super) struct Outlet {
    inputs: mpsc::Receiver<Input>,
    asks: Arc<Asks>,
    room: Arc<Room>,
}

/// How many requests of clients wait, and how many bytes of them.
#[derive(Default)]
struct Asks(Mutex<(usize, usize)>);

impl Asks {
    fn held(&self) -> MutexGuard<'_, (usize, usize)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// Counts one of `length` bytes in; false when there is no room for it.
    fn enter(&self, bounds: &Bounds, length: usize) -> bool {
        let mut held = self.held();
        let admitted = bounds.admits(held.0, held.1, length);
        if admitted {
            *held = (held.0 + 1, held.1 + length);
        }
        admitted
    }
    fn leave(&self, length: usize) {
        let mut held = self.held();
        *held = (held.0 - 1, held.1 - length);
    }
}

/// Places and bytes for the messages of peers.
struct Room {
    places: Semaphore,
    bytes: Semaphore,
}

/// A queue in which no more of clients' requests wait than the log's own bounds say.
pub(super) fn queue(bounds: Bounds) -> (Intake, Outlet) {
    let (sender, receiver) = mpsc::channel();
    let bytes = Semaphore::new(MESSAGE_BYTES_MAX);
    let room = Arc::new(Room { places: Semaphore::new(MESSAGES_MAX), bytes });
    let asks = Arc::new(Asks::default());
    let outlet = Outlet { inputs: receiver, asks: asks.clone(), room: room.clone() };
    (Intake { inputs: sender, asks, bounds, room }, outlet)
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
        if !self.asks.enter(&self.bounds, ask.request.len()) {
            return Err(Shut::Full);
        }
        self.inputs.send(Input::Ask(ask, reply)).map_err(|_| Shut::Ended)
    }

    /// Puts in a peer's message of `length` bytes, once there is a place and room for it; false
    /// when the thread has ended.
    pub(super) async fn message(&self, from: NodeId, message: Message, length: usize) -> bool {
        let length = length.min(MESSAGE_BYTES_MAX) as u32;
        let place = self.room.places.acquire().await;
        let room = self.room.bytes.acquire_many(length).await;
        match (place, room) {
            (Ok(place), Ok(room)) => {
                place.forget();
                room.forget();
            }
            _ => return false,
        }
        self.inputs.send(Input::Message(from, message, length)).is_ok()
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
            Input::Ask(ask, _) => self.asks.leave(ask.request.len()),
            Input::Message(_, _, length) => {
                self.room.places.add_permits(1);
                self.room.bytes.add_permits(*length as usize);
            }
            _ => {}
        }
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.room.places.close();
        self.room.bytes.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_agreement::Membership;
    use avouch_agreement::log::Config;
    use avouch_promise::{LogIndex, Nanos, Scope};
    use bytes::Bytes;
    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Waker};

    fn bounds(queue: usize, queue_bytes: usize) -> Bounds {
        let voters = Membership::founding(vec![NodeId(1)]);
        let config = Config::new(NodeId(1), Scope::default(), voters, Nanos::from_secs(1));
        Bounds { queue, queue_bytes, ..config.bounds }
    }

    fn put(intake: &Intake, length: usize) -> Result<(), Shut> {
        let request = Bytes::from(vec![0; length]);
        let ask = Ask { request, evidence: false, deadline: None };
        intake.ask(ask, oneshot::channel().0)
    }

    #[test]
    fn requests_beyond_the_bound_are_refused_until_some_are_taken() {
        let (intake, outlet) = queue(bounds(2, usize::MAX));
        let put = || put(&intake, 0);
        assert_eq!((put(), put(), put()), (Ok(()), Ok(()), Err(Shut::Full)));
        assert!(outlet.take().is_some());
        assert_eq!((put(), put()), (Ok(()), Err(Shut::Full)));
        drop(outlet);
        let (intake, outlet) = queue(bounds(2, usize::MAX));
        drop(outlet);
        assert_eq!(super::tests::put(&intake, 0), Err(Shut::Ended));
    }

    #[test]
    fn bytes_beyond_the_bound_are_refused_until_some_are_taken() {
        let (intake, outlet) = queue(bounds(100, 1_000));
        let put = |length| put(&intake, length);
        assert_eq!((put(600), put(401), put(400)), (Ok(()), Err(Shut::Full), Ok(())));
        assert_eq!(put(1), Err(Shut::Full));
        assert!(outlet.take().is_some());
        assert_eq!((put(601), put(600)), (Err(Shut::Full), Ok(())));
        assert!(outlet.take().is_some() && outlet.take().is_some());
        assert_eq!(put(2_000), Ok(()), "a longer one than the bound may wait alone");
    }

    #[test]
    fn peers_messages_wait_for_room() {
        let (intake, outlet) = queue(bounds(1, 1));
        let long = MESSAGE_BYTES_MAX / 2 + 1;
        let message = || Message::Fetch { after: LogIndex(0) };
        let mut context = Context::from_waker(Waker::noop());
        let mut first = pin!(intake.message(NodeId(2), message(), long));
        assert!(first.as_mut().poll(&mut context).is_ready());
        let mut second = pin!(intake.message(NodeId(2), message(), long));
        assert!(second.as_mut().poll(&mut context).is_pending(), "both would be too much");
        assert!(outlet.take().is_some());
        assert!(second.as_mut().poll(&mut context).is_ready());
        for _ in 1..MESSAGES_MAX {
            let mut short = pin!(intake.message(NodeId(2), message(), 10));
            assert!(short.as_mut().poll(&mut context).is_ready());
        }
        let mut many = pin!(intake.message(NodeId(2), message(), 10));
        assert!(many.as_mut().poll(&mut context).is_pending(), "and so would another");
    }
}
