//! Network Time Security: how a client and a server agree on keys and cookies, before any packet of
//! NTP is protected by them (Franke et al., RFC 8915, 2020, section 4).
//!
//! ```text
//!   request() ------ over TLS 1.3 with the protocol name ALPN -----> server
//!   accept(bytes) <-- records, the last of which ends the message -- server
//!     Agreement: cookies, and where the time is served
//!     Refusal: cut off, the server's error, another protocol or cipher, no record at all
//! ```
//!
//! The keys themselves never travel: both sides derive them from the session of TLS, by
//! [`EXPORTER_LABEL`] and [`exporter_context`]. The session, its certificates and sockets are the
//! caller's. Protected packets (section 5) are not here yet.

mod exchange;
mod record;

#[cfg(test)]
mod tests;

pub use exchange::{
    AEAD_AES_SIV_CMAC_256, ALPN, Agreement, COOKIES_MAX, Direction, EXPORTER_LABEL,
    MESSAGE_BYTES_MAX, PORT, Refusal, accept, exporter_context, request,
};
