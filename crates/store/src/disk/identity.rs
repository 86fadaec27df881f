//! Whose folder this is, and how often it has been opened.
//!
//! ```text
//!   0          8         12      16          32             40        48        56      60
//!   | avouchID | version | node  | cluster   | incarnation  | segment | settled | CRC-32C |
//! ```
//!
//! The file `identity` is replaced as a whole (temporary file, sync, rename, sync of the folder).
//!
//! - I1 The incarnation also stands in the header of every segment, and each start begins a new
//!   segment before it writes this file: the larger of the two is the last one used, and the next
//!   is one more. Losing one of the two places is survived; losing both is refused.
//! - I2 `segment` is the segment of the last start: a log whose newest segment is older has lost
//!   files, which is not a torn tail and is refused.
//! - I3 A doubt about the log's tail (see [`crate::disk::recovery`]) holds until `settled` names
//!   the incarnation that had it, however often the node starts in between.

use super::folder::{Folder, failed, read_all};
use avouch_promise::{
    Blame, ClusterId, Decode, DecodeError, Encode, Error, Incarnation, NodeId, Reader, Writer,
};
use std::fmt;

pub(super) const NAME: &str = "identity";
const TEMPORARY: &str = "identity.temporary";
const MAGIC: [u8; 8] = *b"avouchID";
/// The version of every file format in this folder.
pub(super) const VERSION: u32 = 1;

/// Whose log this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The cluster.
    pub cluster: ClusterId,
    /// The node.
    pub node: NodeId,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of cluster {}", self.node, self.cluster)
    }
}

impl Identity {
    /// An error unless `found` is this one.
    pub(super) fn check(&self, found: &Self, name: &str) -> Result<(), Error> {
        if found == self {
            return Ok(());
        }
        Err(Error::new(
            Blame::Caller,
            format!("the data folder of {self}"),
            format!("{name} of {found}"),
        )
        .hint("each node of each cluster has a data folder of its own"))
    }
}

/// What the file `identity` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Birth {
    /// Whose folder.
    pub identity: Identity,
    /// The last start.
    pub incarnation: Incarnation,
    /// The segment that it began.
    pub segment: u64,
    /// Doubts of this incarnation and earlier ones are settled.
    pub settled: Incarnation,
}

impl Encode for Birth {
    fn encode(&self, out: &mut Writer) {
        let mut body = Writer::new();
        body.raw(&MAGIC);
        body.u32(VERSION);
        body.u32(self.identity.node.0);
        body.raw(&self.identity.cluster.0);
        body.u64(self.incarnation.0);
        body.u64(self.segment);
        body.u64(self.settled.0);
        out.raw(body.as_slice());
        out.u32(crc32c::crc32c(body.as_slice()));
    }
}

impl Decode for Birth {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let body = input.raw(56)?;
        let checksum = input.u32()?;
        if checksum != crc32c::crc32c(body) {
            return Err(input.error("the checksum of an identity file"));
        }
        let mut body = Reader::new(body);
        if body.array()? != MAGIC || body.u32()? != VERSION {
            return Err(body.error("an identity file of version 1"));
        }
        let node = NodeId(body.u32()?);
        let identity = Identity { cluster: ClusterId(body.array()?), node };
        let incarnation = Incarnation(body.u64()?);
        let segment = body.u64()?;
        Ok(Self { identity, incarnation, segment, settled: Incarnation(body.u64()?) })
    }
}

/// What the folder's identity file is.
pub(super) enum Found {
    /// There is none.
    Absent,
    /// There is one that is not what was written.
    Damaged,
    /// There is one.
    Sound(Birth),
}

/// Reads the identity file.
pub(super) fn read(folder: &dyn Folder, present: bool) -> Result<Found, Error> {
    if !present {
        return Ok(Found::Absent);
    }
    let content = folder
        .open(NAME)
        .and_then(|file| read_all(&*file))
        .map_err(|e| failed("reading", NAME, &e))?;
    Ok(Birth::from_bytes(&content).map_or(Found::Damaged, Found::Sound))
}

/// Replaces the identity file, durably.
pub(super) fn write(folder: &dyn Folder, birth: &Birth) -> Result<(), Error> {
    if folder.names().map_err(|e| failed("listing", "the data folder", &e))?.contains(TEMPORARY) {
        folder.remove(TEMPORARY).map_err(|e| failed("removing", TEMPORARY, &e))?;
    }
    let file = folder.create(TEMPORARY).map_err(|e| failed("creating", TEMPORARY, &e))?;
    file.write_at(0, &birth.to_bytes()).map_err(|e| failed("writing", TEMPORARY, &e))?;
    file.sync().map_err(|e| failed("syncing", TEMPORARY, &e))?;
    folder.rename(TEMPORARY, NAME).map_err(|e| failed("renaming", TEMPORARY, &e))?;
    folder.sync().map_err(|e| failed("syncing the folder of", NAME, &e))
}

/// Gives the folder of a node that is founded its identity: it has never started. A folder without
/// one is then known to have lost it.
pub(crate) fn found(folder: &dyn Folder, identity: Identity) -> Result<(), Error> {
    let (incarnation, settled) = (Incarnation(0), Incarnation(0));
    write(folder, &Birth { identity, incarnation, segment: 0, settled })
}

/// The error of a log that is not all there.
//= §4.1.1 amnesia on restart
pub(super) fn amnesia(expected: String, got: String) -> Error {
    Error::new(Blame::Corrupt, expected, got).hint(
        "a node that forgot what it promised must not take part: restore the whole data folder \
         from a copy that is not older than its last write; without one leave this node stopped: a \
         majority of the others serves on (a node cannot be replaced in this version)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_promise::Random;

    #[test]
    fn every_flip_of_the_identity_file_is_seen_and_nothing_panics() {
        let birth = Birth {
            identity: Identity { cluster: ClusterId([7; 16]), node: NodeId(3) },
            incarnation: Incarnation(4),
            segment: 9,
            settled: Incarnation(2),
        };
        let bytes = birth.to_bytes();
        assert_eq!(Birth::from_bytes(&bytes), Ok(birth));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Birth::from_bytes(&flipped).is_err(), "bit {bit}");
        }
        let mut random = Random::new(Random::seed_from_environment());
        for _ in 0..2_000 {
            let mut cut = bytes.to_vec();
            cut.truncate(random.below(cut.len() as u64) as usize);
            assert!(Birth::from_bytes(&cut).is_err());
            cut.resize(80, random.bits() as u8);
            assert!(Birth::from_bytes(&cut).is_err());
        }
    }
}
