//! What travels beside etcd's messages: gRPC metadata that unmodified clients neither send nor
//! miss.
//!
//! | in the request | |
//! |---|---|
//! | `avouch-guarantee` | the guarantee; without it linearizable, or consistent-prefix where etcd's
//! `serializable` is set |
//! | `avouch-nonce` | 32 hexadecimal digits drawn for this request alone, which freshness is proved
//! against |
//! | `avouch-request-id` | `client.sequence[.settled]`: the client in hexadecimal, the numbers in
//! decimal; makes a retry safe |
//! | `avouch-evidence` | `full` asks for evidence |
//! | `avouch-session-bin` | a session token |
//! | `avouch-stamp` | a hybrid stamp, 16 hexadecimal digits: what the node does from here on follows
//! it |
//!
//! An answer carries what avouch adds in its message's header, field `avouched`. An error is a
//! status and has no message, so there the same stands in trailers:
//!
//! | in an error's trailers | |
//! |---|---|
//! | `avouch-bin` | the field `avouched` that an answer would have: a refusal by the store is an
//! answer, too, at a log point and with evidence |
//! | `avouch-stamp` | as in an answer's own metadata: the stamp of the answer, for those who sent one
//! or know avouch; it follows the one that was sent |
//! | `avouch-detail`, `avouch-write` | what a person wants to know; whether a write `failed` or its
//! fate is `unknown` |

use super::proto::etcdserverpb::Avouched;
use avouch_promise::{Blame, Error, Nonce, RequestId};
use avouch_time::hybrid::{HEADER as STAMP, Stamp};
use prost::Message as _;
use std::time::Duration;
use tonic::metadata::{MetadataMap, MetadataValue};

pub(super) const GUARANTEE: &str = "avouch-guarantee";
pub(super) const NONCE: &str = "avouch-nonce";
pub(super) const REQUEST_ID: &str = "avouch-request-id";
pub(super) const EVIDENCE: &str = "avouch-evidence";
pub(super) const SESSION: &str = "avouch-session-bin";
pub(super) const AVOUCHED: &str = "avouch-bin";
pub(super) const DETAIL: &str = "avouch-detail";
pub(super) const WRITE: &str = "avouch-write";
const TIMEOUT: &str = "grpc-timeout";

/// The largest session token.
const SESSION_MAX: usize = 1024;

/// A request's name, and below which sequence its client waits for no answer any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub id: RequestId,
    /// Every sequence below is settled.
    pub settled: u64,
}

/// What a request's metadata say, judged for form alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The guarantee, as asked.
    pub guarantee: Option<String>,
    /// The nonce.
    pub nonce: Option<Nonce>,
    /// The name.
    pub name: Option<Name>,
    /// Whether evidence is asked for.
    pub evidence: bool,
    /// The session token; may be empty.
    pub token: bytes::Bytes,
    /// How long the client will wait.
    pub deadline: Option<Duration>,
    /// The stamp that the answer has to follow.
    pub stamp: Option<Stamp>,
    /// Whether it knows avouch: it named a guarantee, a nonce, itself or a session, asked for
    /// evidence, or sent a stamp.
    pub anything: bool,
}

fn bad(expected: &str, got: &str) -> Error {
    Error::new(Blame::Caller, expected, got)
}

fn text<'a>(metadata: &'a MetadataMap, key: &str) -> Result<Option<&'a str>, Error> {
    let value = metadata.get(key).map(|value| value.to_str());
    value.transpose().map_err(|_| bad(&format!("text in {key}"), "other bytes"))
}

/// Reads a request's metadata.
pub fn read(metadata: &MetadataMap) -> Result<Said, Error> {
    let evidence = match text(metadata, EVIDENCE)? {
        None | Some("none") => false,
        Some("full") => true,
        Some(other) => return Err(bad("avouch-evidence: full, or none", other)),
    };
    let token = match metadata.get_bin(SESSION) {
        None => bytes::Bytes::new(),
        Some(value) => {
            value.to_bytes().map_err(|_| bad("avouch-session-bin in base64", "something else"))?
        }
    };
    if token.len() > SESSION_MAX {
        let expected = format!("a session token of at most {SESSION_MAX} bytes");
        return Err(bad(&expected, &format!("one of {}", token.len())));
    }
    let known = [GUARANTEE, NONCE, REQUEST_ID, EVIDENCE, STAMP];
    let anything = known.iter().any(|key| metadata.contains_key(*key)) || !token.is_empty();
    Ok(Said {
        anything,
        guarantee: text(metadata, GUARANTEE)?.map(str::to_owned),
        nonce: text(metadata, NONCE)?.map(nonce).transpose()?,
        name: text(metadata, REQUEST_ID)?.map(name).transpose()?,
        evidence,
        token,
        stamp: text(metadata, STAMP)?.map(stamp).transpose()?,
        deadline: text(metadata, TIMEOUT)?.map(timeout).transpose()?,
    })
}

fn nonce(text: &str) -> Result<Nonce, Error> {
    let wrong = || bad("avouch-nonce: 32 hexadecimal digits", text);
    if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    u128::from_str_radix(text, 16).map(|bits| Nonce(bits.to_be_bytes())).map_err(|_| wrong())
}

/// A stamp from its text form.
pub(super) fn stamp(text: &str) -> Result<Stamp, Error> {
    text.parse().map_err(|_| {
        bad("avouch-stamp: 16 hexadecimal digits", text)
            .hint("send back what an answer's avouch-stamp said")
    })
}

/// The stamp in metadata or headers of an answer, if one is there.
pub(super) fn stamp_of(headers: &tonic::codegen::http::HeaderMap) -> Option<Stamp> {
    headers.get(STAMP)?.to_str().ok()?.parse().ok()
}

/// Puts an answer's stamp into its metadata or headers.
pub(super) fn put_stamp(headers: &mut tonic::codegen::http::HeaderMap, stamp: Option<Stamp>) {
    let value = stamp.map(|stamp| stamp.to_string().parse());
    if let Some(Ok(value)) = value {
        headers.insert(STAMP, value);
    }
}

/// A nonce as metadata carry it.
pub fn nonce_text(nonce: &Nonce) -> String {
    format!("{:032x}", u128::from_be_bytes(nonce.0))
}

fn name(text: &str) -> Result<Name, Error> {
    let wrong = || {
        bad("avouch-request-id: client.sequence[.settled], the client in hexadecimal", text)
            .hint("sequences count from 1, and settled is at most the sequence")
    };
    let digits = |part: &str, radix| {
        let plain = part.bytes().all(|byte| byte.is_ascii_hexdigit()); // no sign
        u64::from_str_radix(part, radix).ok().filter(|_| plain).ok_or_else(wrong)
    };
    let mut parts = text.split('.');
    let client = digits(parts.next().unwrap_or_default(), 16)?;
    let sequence = digits(parts.next().unwrap_or_default(), 10)?;
    let settled = parts.next().map_or(Ok(0), |part| digits(part, 10))?;
    if parts.next().is_some() || sequence == 0 || settled > sequence {
        return Err(wrong());
    }
    Ok(Name { id: RequestId { client, sequence }, settled })
}

/// A name as metadata carry it.
pub fn name_text(name: &Name) -> String {
    format!("{}.{}", name.id, name.settled)
}

/// An error's trailers, with what avouch adds.
pub(super) fn trailers(avouched: &Avouched) -> MetadataMap {
    let mut trailers = MetadataMap::new();
    let bytes = avouched.encode_to_vec();
    trailers.insert_bin(AVOUCHED, MetadataValue::from_bytes(&bytes));
    trailers
}

/// What avouch added to an error, as its trailers have it.
pub(super) fn avouched(metadata: &MetadataMap) -> Result<Option<Avouched>, Error> {
    let garbled = |got: String| Error::new(Blame::Peer, "a message Avouched in avouch-bin", got);
    let Some(value) = metadata.get_bin(AVOUCHED) else { return Ok(None) };
    let bytes = value.to_bytes().map_err(|_| garbled("no base64".into()))?;
    Avouched::decode(bytes).map(Some).map_err(|error| garbled(error.to_string()))
}

/// gRPC's own time-out: at most eight digits and a unit.
fn timeout(text: &str) -> Result<Duration, Error> {
    let wrong = || bad("grpc-timeout: at most eight digits and one of H M S m u n", text);
    let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    if digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let count: u64 = digits.parse().map_err(|_| wrong())?;
    match unit {
        "H" => Ok(Duration::from_secs(count * 3600)),
        "M" => Ok(Duration::from_secs(count * 60)),
        "S" => Ok(Duration::from_secs(count)),
        "m" => Ok(Duration::from_millis(count)),
        "u" => Ok(Duration::from_micros(count)),
        "n" => Ok(Duration::from_nanos(count)),
        _ => Err(wrong()),
    }
}

/// Text that fits a header: anything but visible ASCII becomes a question mark.
pub(super) fn visible(text: &str) -> String {
    let fits = |c: char| if c == ' ' || c.is_ascii_graphic() { c } else { '?' };
    text.chars().map(fits).take(1024).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use avouch_promise::Random;

    #[test]
    fn names_and_nonces_come_back_as_they_were_written() {
        let mut random = Random::new(Random::seed_from_environment());
        for _ in 0..1_000 {
            let sequence = random.bits() | 1;
            let id = RequestId { client: random.bits() >> random.below(60), sequence };
            let written = Name { id, settled: random.below(sequence) };
            assert_eq!(name(&name_text(&written)), Ok(written));
            let drawn = Nonce(std::array::from_fn(|_| random.bits() as u8));
            assert_eq!(nonce(&nonce_text(&drawn)), Ok(drawn));
        }
        assert_eq!(name("ff.3").unwrap().settled, 0);
    }

    #[test]
    fn bad_forms_are_the_callers_fault_and_say_what_was_expected() {
        for wrong in ["", "1", "1.0", "1.2.3", "g.1", "1.2.1.1", "+1.2", "1.-2", "1.2.", "-.1"] {
            assert_eq!(name(wrong).unwrap_err().blame, Blame::Caller, "{wrong}");
        }
        for wrong in ["", "00", "0x000000000000000000000000000000", &"+0".repeat(16)] {
            assert!(nonce(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "S", "5", "5s", "123456789S", "-1S", "\u{fc}"] {
            assert!(timeout(wrong).is_err(), "{wrong}");
        }
        assert_eq!(timeout("99999999H"), Ok(Duration::from_secs(99_999_999 * 3600)));
        assert_eq!(timeout("150m"), Ok(Duration::from_millis(150)));
    }

    #[test]
    fn whatever_the_metadata_are_they_are_read_or_refused() {
        let seed = Random::seed_from_environment();
        let mut random = Random::new(seed);
        let valid = [
            (GUARANTEE, "linearizable"),
            (NONCE, "000102030405060708090a0b0c0d0e0f"),
            (REQUEST_ID, "1f.7.3"),
            (EVIDENCE, "full"),
            (TIMEOUT, "5S"),
            (SESSION, "AAEC"),
            (STAMP, "6a28ec5b1eb80003"),
        ];
        let mut accepted = 0;
        for _ in 0..20_000 {
            let mut metadata = MetadataMap::new();
            for (key, value) in valid {
                let mut value = value.as_bytes().to_vec();
                if random.chance(0.2) {
                    let at = random.below(value.len() as u64) as usize;
                    value[at] = random.bits() as u8;
                }
                let Ok(value) = tonic::codegen::http::HeaderValue::from_bytes(&value) else {
                    continue;
                };
                let mut headers = metadata.into_headers();
                headers.insert(key, value);
                metadata = MetadataMap::from_headers(headers);
            }
            accepted += usize::from(read(&metadata).is_ok());
        }
        assert!((1_000..19_000).contains(&accepted), "{accepted} of 20000 accepted; seed {seed}");
    }
}
