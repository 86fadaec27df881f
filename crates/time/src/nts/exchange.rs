//! The exchange of keys: one message each way.
//!
//! | an answer with | is |
//! |---|---|
//! | an unknown critical record, a record twice that may come once | given up |
//! | another protocol than NTP, another cipher than ours, none of either | no agreement |
//! | an error, or a warning (none is defined) | what the server says of our request |
//! | no cookie | of no use: each protected packet spends one |
//! | bytes behind its end | given up |
//!
//! Deviations: one cipher is offered, the one that every server has to have (section 5.1); a
//! warning is taken for an error.
//!
//! RFC 8915, section 4.1.

use super::record::{
    AEAD, COOKIE, END, ERROR, PROTOCOL, Record, SERVER, SERVER_PORT, WARNING, put,
};
use std::fmt;

/// The protocol's name, which TLS has to agree on.
pub const ALPN: &[u8] = b"ntske/1";
/// Where keys are agreed on, unless somebody says otherwise.
pub const PORT: u16 = 4460;
/// The label under which TLS exports both keys.
pub const EXPORTER_LABEL: &[u8] = b"EXPORTER-network-time-security";
/// The cipher's number: AES-SIV with CMAC, keys of 32 bytes.
pub const AEAD_AES_SIV_CMAC_256: u16 = 15;
/// Bytes of an answer that are read at most: servers send about a thousand.
pub const MESSAGE_BYTES_MAX: usize = 16_384;
/// Cookies that a client keeps; others are let go.
pub const COOKIES_MAX: usize = 8;

/// The protocol's number: NTP, version 4.
const NTP: u16 = 0;
/// Bytes of the longest name of a host.
const NAME_BYTES_MAX: usize = 253;

/// Whose packets a key protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The client's.
    ToServer,
    /// The server's.
    ToClient,
}

/// What TLS exports the key of this direction for: protocol, cipher, direction (section 4.3).
pub fn exporter_context(direction: Direction) -> [u8; 5] {
    let ([a, b], [c, d]) = (NTP.to_be_bytes(), AEAD_AES_SIV_CMAC_256.to_be_bytes());
    [a, b, c, d, u8::from(direction == Direction::ToClient)]
}

/// What was agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Each is good for one packet: 1 to [`COOKIES_MAX`], none empty.
    pub cookies: Vec<Vec<u8>>,
    /// Who serves the time, where it is not the host that agreed: a name or an address.
    pub server: Option<String>,
    /// On which port, where it is not NTP's.
    pub port: Option<u16>,
}

/// Why nothing was agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The bytes end before the message does: more may come, unless the session has ended.
    Cut,
    /// The message goes on behind [`MESSAGE_BYTES_MAX`].
    Long,
    /// A critical record of a kind that is not known.
    Unknown(u16),
    /// A record whose body is not what its kind has.
    Body(&'static str),
    /// A record that may come once came again.
    Twice(&'static str),
    /// Bytes behind the record that ends the message.
    Behind(usize),
    /// The server gives this error.
    Error(u16),
    /// The server gives this warning.
    Warning(u16),
    /// It offers another protocol, or none.
    Protocol(Option<u16>),
    /// It offers another cipher, or none.
    Cipher(Option<u16>),
    /// It gave no cookie.
    NoCookie,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut => f.write_str("the answer ends before its last record"),
            Self::Long => write!(f, "an answer longer than {MESSAGE_BYTES_MAX} bytes"),
            Self::Unknown(kind) => write!(f, "a critical record of unknown kind {kind}"),
            Self::Body(what) => write!(f, "a record of {what} with a body that it cannot have"),
            Self::Twice(what) => write!(f, "two records of {what} where one may come"),
            Self::Behind(bytes) => write!(f, "{bytes} bytes behind the end of the answer"),
            Self::Error(0) => f.write_str("the server does not know a record of our request"),
            Self::Error(1) => f.write_str("the server calls our request a bad one"),
            Self::Error(2) => f.write_str("the server has an error of its own"),
            Self::Error(code) => write!(f, "the server gives the unknown error {code}"),
            Self::Warning(code) => write!(f, "the server gives the unknown warning {code}"),
            Self::Protocol(None) => f.write_str("the server offers no protocol of ours"),
            Self::Protocol(Some(other)) => {
                write!(f, "the server offers protocol {other} where NTP is {NTP}")
            }
            Self::Cipher(None) => f.write_str("the server offers no cipher of ours"),
            Self::Cipher(Some(other)) => write!(
                f,
                "the server offers cipher {other} where {AEAD_AES_SIV_CMAC_256} was asked for"
            ),
            Self::NoCookie => f.write_str("the server gave no cookie"),
        }
    }
}

/// The request: NTP, our cipher, nothing else.
pub fn request() -> Vec<u8> {
    let mut message = Vec::new();
    put(&mut message, PROTOCOL, Some(NTP));
    put(&mut message, AEAD, Some(AEAD_AES_SIV_CMAC_256));
    put(&mut message, END, None);
    message
}

/// What the server's bytes so far agree on; [`Refusal::Cut`] while there may be more.
pub fn accept(bytes: &[u8]) -> Result<Agreement, Refusal> {
    let mut said = Said::default();
    let mut rest = bytes;
    loop {
        let read = bytes.len() - rest.len();
        let Some((record, after)) = Record::split(rest) else {
            return Err(if bytes.len() > MESSAGE_BYTES_MAX { Refusal::Long } else { Refusal::Cut });
        };
        if read > MESSAGE_BYTES_MAX {
            return Err(Refusal::Long);
        }
        rest = after;
        if record.kind != END {
            said.note(&record)?;
        } else if !record.body.is_empty() {
            return Err(Refusal::Body("the end"));
        } else if !rest.is_empty() {
            return Err(Refusal::Behind(rest.len()));
        } else {
            return said.agreement();
        }
    }
}

/// What a server chose of the one thing that was offered: that, something else, or nothing.
struct Choice(Option<u16>);

/// What the records so far say.
#[derive(Default)]
struct Said {
    protocol: Option<Choice>,
    cipher: Option<Choice>,
    cookies: Vec<Vec<u8>>,
    server: Option<String>,
    port: Option<u16>,
}

impl Said {
    fn note(&mut self, record: &Record<'_>) -> Result<(), Refusal> {
        match record.kind {
            PROTOCOL => once(&mut self.protocol, choice(record, "protocols")?, "protocols"),
            AEAD => once(&mut self.cipher, choice(record, "ciphers")?, "ciphers"),
            ERROR => Err(record.number().map_or(Refusal::Body("an error"), Refusal::Error)),
            WARNING => Err(record.number().map_or(Refusal::Body("a warning"), Refusal::Warning)),
            COOKIE if record.body.is_empty() => Err(Refusal::Body("a cookie")),
            COOKIE => {
                if self.cookies.len() < COOKIES_MAX {
                    self.cookies.push(record.body.to_vec());
                }
                Ok(())
            }
            SERVER => {
                let name = name(record.body).ok_or(Refusal::Body("the server"))?;
                once(&mut self.server, name, "the server")
            }
            SERVER_PORT => {
                let port = record.number().filter(|port| *port != 0);
                once(&mut self.port, port.ok_or(Refusal::Body("the port"))?, "the port")
            }
            unknown if record.critical => Err(Refusal::Unknown(unknown)),
            _ => Ok(()),
        }
    }

    fn agreement(self) -> Result<Agreement, Refusal> {
        let protocol = self.protocol.and_then(|choice| choice.0);
        if protocol != Some(NTP) {
            return Err(Refusal::Protocol(protocol));
        }
        let cipher = self.cipher.and_then(|choice| choice.0);
        if cipher != Some(AEAD_AES_SIV_CMAC_256) {
            return Err(Refusal::Cipher(cipher));
        }
        if self.cookies.is_empty() {
            return Err(Refusal::NoCookie);
        }
        Ok(Agreement { cookies: self.cookies, server: self.server, port: self.port })
    }
}

/// Keeps what may be said once.
fn once<T>(kept: &mut Option<T>, said: T, what: &'static str) -> Result<(), Refusal> {
    match kept.replace(said) {
        None => Ok(()),
        Some(_) => Err(Refusal::Twice(what)),
    }
}

/// A record's choice: at most one number, since one was offered.
fn choice(record: &Record<'_>, what: &'static str) -> Result<Choice, Refusal> {
    if record.body.is_empty() {
        return Ok(Choice(None));
    }
    record.number().map(|number| Choice(Some(number))).ok_or(Refusal::Body(what))
}

/// A host's name or address: printable, since it is shown and looked up.
fn name(body: &[u8]) -> Option<String> {
    let fits = (1..=NAME_BYTES_MAX).contains(&body.len());
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b".-:%_".contains(byte);
    (fits && body.iter().all(plain)).then(|| body.iter().map(|byte| char::from(*byte)).collect())
}
