//! One record: four bytes and its body, numbers with the highest byte first.
//!
//! ```text
//!    0   1     2   3    4 ...
//!   kind      bytes    body       the highest bit of the kind: critical, whoever does not know
//!                                 the kind gives the message up
//! ```
//!
//! RFC 8915, section 4.

/// Kinds of records (section 7.6).
pub(super) const END: u16 = 0;
pub(super) const PROTOCOL: u16 = 1;
pub(super) const ERROR: u16 = 2;
pub(super) const WARNING: u16 = 3;
pub(super) const AEAD: u16 = 4;
pub(super) const COOKIE: u16 = 5;
pub(super) const SERVER: u16 = 6;
pub(super) const SERVER_PORT: u16 = 7;

const CRITICAL: u16 = 0x8000;

/// A record as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) critical: bool,
    pub(super) kind: u16,
    pub(super) body: &'a [u8],
}

impl<'a> Record<'a> {
    /// The first record and what follows it; `None` where the bytes end before it does.
    pub(super) fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (kind, rest) = bytes.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (body, rest) = rest.split_at_checked(length)?;
        let kind = u16::from_be_bytes(*kind);
        Some((Self { critical: kind & CRITICAL != 0, kind: kind & !CRITICAL, body }, rest))
    }

    /// Its body as one number of two bytes.
    pub(super) fn number(&self) -> Option<u16> {
        Some(u16::from_be_bytes(self.body.try_into().ok()?))
    }
}

/// Appends a critical record whose body is one number, or empty.
pub(super) fn put(message: &mut Vec<u8>, kind: u16, number: Option<u16>) {
    message.extend((kind | CRITICAL).to_be_bytes());
    let body = number.map(u16::to_be_bytes);
    let body = body.as_ref().map_or(&[][..], |bytes| bytes.as_slice());
    message.extend((body.len() as u16).to_be_bytes());
    message.extend(body);
}
