//! The shape of every protocol in avouch: a pure function from one event to effects, over an
//! explicit state, so that the same code is simulated, explored exhaustively and served.
//!
//! [`laws`] are what a protocol owes whoever runs it; the [`explorer`] walks every state of a
//! system of them within stated bounds.

pub mod effect;
pub mod env;
pub mod event;
pub mod explorer;
pub mod laws;
pub mod protocol;

pub use effect::{Effect, Effects, What};
pub use env::Env;
pub use event::{Chunk, CommandId, Event, LoadId, Loaded, Seq};
pub use explorer::Explorer;
pub use laws::Lawful;
pub use protocol::{Protocol, Recovered};
