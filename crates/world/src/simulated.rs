//! What a protocol tells the simulator about itself beyond its shape: how its things look as
//! bytes. In a run, messages and records move unencoded; a sample of runs encodes them all.

use avouch_machine::Protocol;
use avouch_promise::{NodeId, Random};
use bytes::Bytes;

/// A protocol that can live in a [`crate::World`].
pub trait Simulated: Protocol {
    /// A checkpoint as the bytes that stand on disk, the same on every node for the same state.
    /// [`avouch_machine::What::Chunk`] reads parts of it.
    fn image_bytes(image: &Self::Image) -> Bytes;

    /// The size of a message on the wire in bytes; matters only on links with a rate.
    fn message_bytes(_message: &Self::Message) -> u64 {
        256
    }

    /// What kind of message it is, in a word, for whoever watches.
    fn message_word(_message: &Self::Message) -> &'static str {
        "message"
    }

    /// The message after it was encoded and decoded. Used when [`crate::Options::encode`] is on;
    /// whatever it says against the encoding is a violation.
    fn through_wire(message: Self::Message) -> Result<Self::Message, String> {
        Ok(message)
    }

    /// What the receiver takes from the message's frame after the bit numbered `bit`, modulo its
    /// length, was flipped; nothing when it notices. `checked` is off only in a host that believes
    /// any frame ([`crate::Mutants::trust_wire`]).
    fn flipped(_message: &Self::Message, _bit: u64, _checked: bool) -> Option<Self::Message> {
        None
    }

    /// What a Byzantine node `from` sends instead of a message; nothing when it has no lie for it.
    fn rewritten(
        _from: NodeId,
        _message: &Self::Message,
        _random: &mut Random,
    ) -> Option<Self::Message> {
        None
    }

    /// How a node is told that another has stopped for good, as a message from that one; nothing
    /// for a protocol that does not listen.
    fn farewell(_stopped: NodeId) -> Option<Self::Message> {
        None
    }

    /// The record after it was encoded and decoded; like [`Simulated::through_wire`].
    fn through_disk(record: Self::Record) -> Result<Self::Record, String> {
        Ok(record)
    }
}
