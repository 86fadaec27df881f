//! What a protocol tells the simulator about itself beyond its shape: how its things look as
//! bytes. In a run, messages and records move unencoded; a sample of runs encodes them all.

use avouch_machine::Protocol;
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

    /// The record after it was encoded and decoded; like [`Simulated::through_wire`].
    fn through_disk(record: Self::Record) -> Result<Self::Record, String> {
        Ok(record)
    }
}
