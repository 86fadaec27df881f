//! A protected request and what may be made of its answer.
//!
//! ```text
//!   packet (48) | unique identifier | cookie | authenticator: nonce, sealed fields | ...
//!   `------------- covered by the authenticator ----------'                        not covered
//! ```
//!
//! An extension field is two bytes of kind, two of length (with these four, a multiple of four),
//! its body. In an answer the sealed fields are new cookies. Nothing is taken from an answer before
//! its authenticator is found right; a refusal of the cookie (`NTSN`) alone comes without one.
//!
//! RFC 8915, section 5; RFC 7822.

use super::exchange::COOKIES_MAX;
use crate::ntp::{self, Answer, Packet};
use aes_siv::KeyInit;
use aes_siv::siv::Aes128Siv;
use std::fmt;

const UNIQUE: u16 = 0x0104;
const COOKIE: u16 = 0x0204;
const AUTHENTICATOR: u16 = 0x0404;
/// The kiss of a server that cannot read our cookie.
const NAK: [u8; 4] = *b"NTSN";

/// The keys that TLS exported, one for each direction.
#[derive(Clone)]
pub struct Keys {
    /// Of the client's packets.
    pub to_server: [u8; 32],
    /// Of the server's.
    pub to_client: [u8; 32],
}

/// What ties an answer to its request: both random, used once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The transmit stamp.
    pub nonce: u64,
    /// The unique identifier.
    pub unique: [u8; 32],
}

/// Why an answer is no measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unprotected {
    /// No whole packet, or extension fields that do not fit together.
    Malformed,
    /// The unique identifier is not the request's, or there is none: nobody's word, wait on.
    NotToThis,
    /// There is no authenticator.
    Plain,
    /// The authenticator is wrong: changed on the way, or by another key.
    Forged,
    /// The server cannot read our cookie, as somebody says: agree on keys anew.
    Nak,
    /// The packet is the server's, and not the time.
    Refused(ntp::Refusal),
}

impl fmt::Display for Unprotected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("no packet with extension fields that fit together"),
            Self::NotToThis => f.write_str("a packet that answers no request of ours"),
            Self::Plain => f.write_str("an answer that nobody vouches for: no authenticator"),
            Self::Forged => f.write_str("a forged answer: its authenticator is wrong"),
            Self::Nak => f.write_str("the server cannot read our cookie (NTSN)"),
            Self::Refused(why) => write!(f, "{why}"),
        }
    }
}

/// The request, by one cookie; the number for the cipher is used once, too.
pub fn protect(asked: &Asked, cookie: &[u8], once: [u8; 16], keys: &Keys) -> Option<Vec<u8>> {
    let mut bytes = ntp::request(asked.nonce).to_vec();
    put(&mut bytes, UNIQUE, &asked.unique)?;
    put(&mut bytes, COOKIE, cookie)?;
    seal(&mut bytes, &[], once, &keys.to_server)?;
    Some(bytes)
}

/// The answer and the new cookies that these bytes bring for this request.
pub fn open(
    bytes: &[u8],
    asked: &Asked,
    keys: &Keys,
) -> Result<(Answer, Vec<Vec<u8>>), Unprotected> {
    let header = Packet::decode(bytes).map_err(|_| Unprotected::Malformed)?;
    let mut rest = bytes.get(ntp::PACKET_BYTES..).ok_or(Unprotected::Malformed)?;
    let mut ours = false;
    while !rest.is_empty() {
        let before = bytes.len() - rest.len();
        let (kind, body, after) = split(rest).ok_or(Unprotected::Malformed)?;
        rest = after;
        match kind {
            UNIQUE if ours || body != asked.unique => return Err(Unprotected::NotToThis),
            UNIQUE => ours = true,
            AUTHENTICATOR if !ours => return Err(Unprotected::NotToThis),
            AUTHENTICATOR => {
                let covered = bytes.get(..before).ok_or(Unprotected::Malformed)?;
                let inner = unseal(covered, body, &keys.to_client)?;
                let answer = ntp::accept(covered, asked.nonce).map_err(Unprotected::Refused)?;
                return Ok((answer, cookies(&inner)?));
            }
            _ => {}
        }
    }
    let nak = header.stratum == 0 && header.reference_id == NAK;
    match (ours, nak && header.origin == ntp::NtpStamp(asked.nonce)) {
        (false, _) => Err(Unprotected::NotToThis),
        (true, true) => Err(Unprotected::Nak),
        (true, false) => Err(Unprotected::Plain),
    }
}

/// The next field: kind, body, what follows.
fn split(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (kind, rest) = bytes.split_first_chunk()?;
    let (length, _) = rest.split_first_chunk()?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (field, after) = bytes.split_at_checked(length)?;
    let whole = length % 4 == 0;
    Some((u16::from_be_bytes(*kind), field.get(4..).filter(|_| whole)?, after))
}

/// Appends a field, filled up to a multiple of four; `None` where the body is too long for one.
pub(super) fn put(bytes: &mut Vec<u8>, kind: u16, body: &[u8]) -> Option<()> {
    let padded = body.len().next_multiple_of(4);
    bytes.extend(kind.to_be_bytes());
    bytes.extend(u16::try_from(padded + 4).ok()?.to_be_bytes());
    bytes.extend(body);
    bytes.resize(bytes.len() + padded - body.len(), 0);
    Some(())
}

/// Appends the authenticator of all that is there, with these fields sealed in it.
pub(super) fn seal(
    bytes: &mut Vec<u8>,
    fields: &[u8],
    once: [u8; 16],
    key: &[u8; 32],
) -> Option<()> {
    let sealed = Aes128Siv::new(key.into()).encrypt([bytes.as_slice(), &once], fields).ok()?;
    let mut body = 16_u16.to_be_bytes().to_vec();
    body.extend(u16::try_from(sealed.len()).ok()?.to_be_bytes());
    body.extend(once);
    body.extend(sealed);
    put(bytes, AUTHENTICATOR, &body)
}

/// What an authenticator has sealed, where it is right.
fn unseal(covered: &[u8], body: &[u8], key: &[u8; 32]) -> Result<Vec<u8>, Unprotected> {
    let parts = || {
        let (lengths, rest) = body.split_first_chunk::<4>()?;
        let [once, sealed] = [[lengths[0], lengths[1]], [lengths[2], lengths[3]]]
            .map(|length| usize::from(u16::from_be_bytes(length)));
        let (nonce, rest) = rest.split_at_checked(once.next_multiple_of(4))?;
        Some((nonce.get(..once)?, rest.get(..sealed)?))
    };
    let (once, sealed) = parts().ok_or(Unprotected::Malformed)?;
    let cipher = &mut Aes128Siv::new(key.into());
    cipher.decrypt([covered, once], sealed).map_err(|_| Unprotected::Forged)
}

/// The cookies among sealed fields.
fn cookies(mut fields: &[u8]) -> Result<Vec<Vec<u8>>, Unprotected> {
    let mut cookies = Vec::new();
    while !fields.is_empty() {
        let (kind, body, after) = split(fields).ok_or(Unprotected::Malformed)?;
        fields = after;
        if kind == COOKIE && !body.is_empty() && cookies.len() < COOKIES_MAX {
            cookies.push(body.to_vec());
        }
    }
    Ok(cookies)
}

/// The field of a cookie, as tests seal it.
#[cfg(test)]
pub(super) fn cookie_field(cookie: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(&mut bytes, COOKIE, cookie).map(|()| bytes).unwrap_or_default()
}
