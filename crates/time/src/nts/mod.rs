//! Network Time Security: how a client and a server agree on keys and cookies, and how packets of
//! NTP are protected by them (Franke et al., RFC 8915, 2020).
//!
//! ```text
//!   request() ------ over TLS 1.3 with the protocol name ALPN -----> server
//!   accept(bytes) <-- records, the last of which ends the message -- server
//!     Agreement: cookies, and where the time is served
//!     Refusal: cut off, the server's error, another protocol or cipher, no record at all
//! ```
//!
//! The keys themselves never travel: both sides derive them from the session of TLS, by
//! [`EXPORTER_LABEL`] and [`exporter_context`]. With them and a cookie [`protect`] makes a request,
//! and [`open`] takes the server's own answer to it, and nothing else. The session, its
//! certificates and sockets are the caller's.

mod exchange;
mod protected;
mod record;

#[cfg(test)]
mod tests;

pub use exchange::{
    AEAD_AES_SIV_CMAC_256, ALPN, Agreement, COOKIES_MAX, Direction, EXPORTER_LABEL,
    MESSAGE_BYTES_MAX, PORT, Refusal, accept, exporter_context, request,
};
pub use protected::{Asked, Keys, Unprotected, open, protect};
