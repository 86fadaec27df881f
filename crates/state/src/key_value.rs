//! A key with its value and its place in history, as etcd shows it.

use crate::number;
use avouch_promise::{Decode, DecodeError, Encode, Reader, Writer};
use bytes::Bytes;

/// A key, its value, and when it came to have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyValue {
    /// The key.
    pub key: Bytes,
    /// The revision that created the key, after its last deletion if it was ever deleted.
    pub create_revision: i64,
    /// The revision that last wrote it.
    pub mod_revision: i64,
    /// How many times it was written since it was created, from 1.
    pub version: i64,
    /// The value.
    pub value: Bytes,
    /// The lease that it is attached to; 0 for none.
    pub lease: i64,
}

impl Encode for KeyValue {
    fn encode(&self, out: &mut Writer) {
        out.bytes(&self.key);
        number::put(out, self.create_revision);
        number::put(out, self.mod_revision);
        number::put(out, self.version);
        out.bytes(&self.value);
        number::put(out, self.lease);
    }
}
impl Decode for KeyValue {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            key: Bytes::decode(input)?,
            create_revision: number::take(input)?,
            mod_revision: number::take(input)?,
            version: number::take(input)?,
            value: Bytes::decode(input)?,
            lease: number::take(input)?,
        })
    }
}
