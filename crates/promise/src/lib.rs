//! The vocabulary of avouch: quantities, guarantees, signed facts, evidence and its verification.
//!
//! Everything that a client needs to judge an answer offline lives here, and nothing else does:
//! no socket, no clock, no protocol. The other rooms of the house speak in these words.

pub mod clock;
pub mod codec;
pub mod digest;
pub mod error;
pub mod evidence;
pub mod fact;
pub mod guarantee;
pub mod history;
pub mod identity;
pub mod invariant;
pub mod log_point;
pub mod merkle;
pub mod nearest;
pub mod quantity;
pub mod random;
pub mod request;
pub mod signature;
#[doc(hidden)]
pub mod testing;
pub mod trust;

pub use clock::{Basis, Claimant, Class, Lack, Wall};
pub use codec::{Decode, DecodeError, Encode, Reader, Writer};
pub use digest::{Digest, digest_of};
pub use error::{Blame, Error};
pub use fact::{Ack, Answer, Scope, Seal, Signed};
pub use identity::{Ballot, ClusterId, Epoch, GroupId, Incarnation, KeyspaceId, NodeId};
pub use log_point::{EntryHeader, LogIndex, LogPoint};
pub use quantity::{Interval, Nanos, WallTime};
pub use random::Random;
pub use request::{Envelope, Intent, Nonce, Request, RequestId};
pub use signature::{Signature, Signer, Verifier};
