//! The machine as it stands in a checkpoint.
//!
//! ```text
//! content = place | membership | header of the entry there | the machine's snapshot
//! ```
//!
//! With the header a node that has nothing but a checkpoint can prove what it reads there; without
//! it, it could prove nothing before the next write.

use avouch_agreement::Membership;
use avouch_agreement::log::{Image, Place, Snapshot};
use avouch_promise::{Decode, Encode, EntryHeader, Reader, Writer};
use avouch_state::Machine;
use bytes::Bytes;
use std::cmp::Ordering;
use std::sync::Arc;

/// A machine in a checkpoint, shared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MachineImage {
    /// The machine.
    pub machine: Arc<Machine>,
    /// What the chain binds of the last entry that it has applied.
    pub last: EntryHeader,
}

impl PartialOrd for MachineImage {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for MachineImage {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |image: &Self| (image.machine.point(), image.machine.projection(), image.last);
        key(self).cmp(&key(other))
    }
}

/// The part of a checkpoint's content before the machine's snapshot.
pub(crate) fn head(image: &Image<MachineImage>) -> Bytes {
    let mut out = Writer::new();
    image.place.encode(&mut out);
    image.membership.encode(&mut out);
    image.state.last.encode(&mut out);
    out.finish()
}

/// The whole content of a checkpoint.
pub(crate) fn content(image: &Image<MachineImage>) -> Bytes {
    let mut bytes = head(image).to_vec();
    image.state.machine.snapshot().for_each(|block| bytes.extend_from_slice(&block));
    bytes.into()
}

impl Snapshot for MachineImage {
    fn decode_image(bytes: &[u8]) -> Option<Image<Self>> {
        let mut input = Reader::new(bytes);
        let place = Place::decode(&mut input).ok()?;
        let membership = Membership::decode(&mut input).ok()?;
        let last = EntryHeader::decode(&mut input).ok()?;
        let rest = input.raw(input.remaining()).ok()?;
        let machine = Machine::restore([Bytes::copy_from_slice(rest)]).ok()?;
        let fits = last.index == place.index && last.chain() == place.chain;
        (fits && machine.point().index <= place.index).then_some(Image {
            place,
            membership,
            state: Self { machine: Arc::new(machine), last },
        })
    }
}
