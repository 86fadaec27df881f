//! A server of time that is asked again and again, with or without its word.

use super::address::Place;
use super::ntp::{Exchange, connected, exchange};
use super::nts::{Trust, Vouched};
use avouch_promise::Error;
use std::fmt;
use std::net::UdpSocket;

/// Asks one server.
pub struct Asker(Kind);

enum Kind {
    Plain(UdpSocket),
    Vouched(Box<Vouched>),
}

impl fmt::Debug for Asker {
    /// Without its keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.0 {
            Kind::Plain(_) => "plain",
            Kind::Vouched(_) => "vouched",
        };
        f.debug_tuple("Asker").field(&kind).finish()
    }
}

impl Asker {
    /// For the server there; the trust is for one that vouches for its time.
    ///
    /// # Errors
    /// The system's, where it gives no socket, or one that there is no trust for.
    pub fn new(place: &Place, trust: Option<&Trust>) -> std::io::Result<Self> {
        let Some(host) = &place.vouched else {
            return connected(place.address).map(|socket| Self(Kind::Plain(socket)));
        };
        let trust = trust.cloned().ok_or_else(|| std::io::Error::other("nobody is trusted"))?;
        let vouched = Vouched::new(trust, place.address, host.clone());
        Ok(Self(Kind::Vouched(Box::new(vouched))))
    }

    /// One exchange: a second at most, and five more where keys are agreed on.
    ///
    /// # Errors
    /// `Environment` where the system gives no randomness.
    pub fn ask(&mut self) -> Result<Exchange, Error> {
        match &mut self.0 {
            Kind::Plain(socket) => exchange(socket),
            Kind::Vouched(vouched) => vouched.exchange(),
        }
    }
}
