//! The shape of every protocol in avouch: a pure function from one event to effects, over an
//! explicit state, so that the same code is simulated, explored exhaustively and served.

pub mod effect;
pub mod env;
pub mod event;
pub mod explorer;
pub mod laws;
pub mod protocol;

pub use effect::{Effect, Effects, What};
pub use env::Env;
pub use event::{Chunk, CommandId, Event, LoadId, Loaded, Seq};
pub use protocol::{Protocol, Recovered};
