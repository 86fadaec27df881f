//! The Network Time Protocol, version 4, as a client speaks it: packets and one exchange (Mills et
//! al., RFC 5905, 2010).
//!
//! ```text
//!   request(nonce) --> 48 bytes --> server
//!   accept(bytes, nonce) <-- 48 bytes and perhaps extensions <-- server
//!     Answer: when the server had the request, when it answered, how far off it may be
//!     Refusal: not to this request, unsynchronised, told to stay away, no packet at all
//! ```

//= §3.1.1 ntp-failure-handling

mod client;
mod packet;
mod stamp;

#[cfg(test)]
mod tests;

pub use client::{Answer, DISTANCE_MAX, Refusal, accept, request};
pub use packet::{Leap, Malformed, Mode, PACKET_BYTES, Packet};
pub use stamp::{NtpShort, NtpStamp};
