//! Where servers are: names and addresses, with and without ports.

use avouch_promise::{Blame, Error};
use avouch_time::nts;
use std::net::{SocketAddr, ToSocketAddrs as _};

/// A server by its name, with where it is, or why that is not known.
pub type Server = (String, Result<Place, String>);

/// Where a server of time is spoken to, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where packets go, or where keys are agreed on.
    pub address: SocketAddr,
    /// The name that its certificate has to have: its time is asked for under NTS.
    pub vouched: Option<String>,
}

impl Place {
    /// A server named `host`, `host:port` or `nts://host[:port]`.
    ///
    /// # Errors
    /// As [`resolved`].
    pub fn of(name: &str) -> Result<Self, Error> {
        let Some(rest) = name.strip_prefix(NTS) else {
            return resolved(name, NTP_PORT).map(|address| Self { address, vouched: None });
        };
        let address = resolved(rest, nts::PORT)?;
        Ok(Self { address, vouched: Some(host(rest).to_owned()) })
    }

    /// By what its time is told from anybody else's.
    pub fn authentication(&self) -> &'static str {
        if self.vouched.is_some() { "nts" } else { "none" }
    }

    /// Whether both are one server's, as far as that can be told before it is asked: a host has one
    /// usual port of each kind.
    fn is_of(&self, other: &Self) -> bool {
        let usual = |place: &Self| {
            place.address.port() == if place.vouched.is_some() { nts::PORT } else { NTP_PORT }
        };
        self.address == other.address
            || (self.address.ip() == other.address.ip() && usual(self) && usual(other))
    }
}

/// A host without its port and brackets.
fn host(name: &str) -> &str {
    if name.parse::<std::net::IpAddr>().is_ok() {
        return name;
    }
    let host = name.rsplit_once(':').map_or(name, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

/// How a server is named that vouches for its time (RFC 8915).
pub const NTS: &str = "nts://";
/// Where NTP servers listen.
pub const NTP_PORT: u16 = 123;
/// Where chronyd takes commands.
pub const CHRONYD_PORT: u16 = 323;

/// Each server of time with its place; a name that nobody resolves now has none yet.
///
/// # Errors
/// `Caller` for what is no server, and for one that is named twice.
pub fn distinct(names: &[String]) -> Result<Vec<Server>, Error> {
    let mut sources: Vec<Server> = Vec::new();
    for name in names {
        let place = match Place::of(name) {
            // A name that nobody resolves is one source that says nothing; the others may know.
            Err(error) if error.blame == Blame::Environment => Err(error.got),
            place => Ok(place?),
        };
        let is_same = |(known, at): &&Server| match (&place, at) {
            (Ok(place), Ok(at)) => place.is_of(at),
            (Ok(_), Err(_)) => false,
            (Err(_), _) => known == name,
        };
        if let Some((other, _)) = sources.iter().find(is_same) {
            let shared = match &place {
                Ok(place) => place.address.to_string(),
                Err(_) => format!("`{name}`"),
            };
            let got = format!("`{other}` and `{name}`, which are both {shared}");
            return Err(Error::new(Blame::Caller, "each source once", got)
                .hint("a server that is asked twice has no two votes"));
        }
        sources.push((name.clone(), place));
    }
    Ok(sources)
}

/// The first address of a server, with its usual port unless another one is told.
///
/// # Errors
/// `Caller` for what is no server; `Environment` for a name without an address.
pub fn resolved(name: &str, usual: u16) -> Result<SocketAddr, Error> {
    let wrong = |got: String| {
        Error::new(Blame::Caller, "a server: a host or an address, and perhaps a port", got)
            .hint("for example time.example.org, 192.0.2.7:11123 or [2001:db8::7]:123")
    };
    let bare = name.parse::<std::net::IpAddr>().map(|address| SocketAddr::new(address, usual));
    if let Ok(address) = bare.or_else(|_| name.parse::<SocketAddr>()) {
        if address.port() == 0 || address.ip().is_unspecified() {
            return Err(wrong(format!("`{name}`, where nobody answers")));
        }
        return Ok(address);
    }
    let (host, port) = match name.rsplit_once(':') {
        Some((host, port)) => {
            let port = port.parse::<u16>().ok().filter(|port| *port > 0);
            (host, port.ok_or_else(|| wrong(format!("`{name}`")))?)
        }
        None => (name, usual),
    };
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if host.is_empty() || !host.bytes().all(named) {
        return Err(wrong(format!("`{name}`")));
    }
    let found = (host, port).to_socket_addrs().map(|mut all| all.next());
    let got = match found {
        Ok(Some(address)) => return Ok(address),
        Ok(None) => format!("`{host}` has none"),
        Err(error) => format!("`{host}`: {error}"),
    };
    Err(Error::new(Blame::Environment, format!("an address of `{host}`"), got)
        .hint("give the address itself, or see whether names are resolved here"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may")]
mod tests {
    use super::{Place, distinct, resolved};
    use avouch_promise::Blame;

    #[test]
    fn a_server_that_vouches_is_told_from_one_that_does_not() {
        let plain = Place::of("127.0.0.1:4460").unwrap();
        assert_eq!(plain.vouched, None);
        for (name, address, host) in [
            ("nts://127.0.0.1", "127.0.0.1:4460", "127.0.0.1"),
            ("nts://localhost:11", "127.0.0.1:11", "localhost"),
            ("nts://[::1]:5", "[::1]:5", "::1"),
            ("nts://::1", "[::1]:4460", "::1"),
        ] {
            let place = Place::of(name).unwrap();
            assert_eq!(place.vouched.as_deref(), Some(host));
            assert_eq!(place.address.port().to_string(), address.rsplit_once(':').unwrap().1);
        }
        for bad in ["nts://", "nts://:1", "nts://a b", "ntp://a"] {
            assert_eq!(Place::of(bad).unwrap_err().blame, Blame::Caller, "{bad}");
        }
    }

    #[test]
    fn a_server_has_one_vote_whichever_way_it_is_asked() {
        let names = |all: &[&str]| all.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        for twice in [
            ["127.0.0.1", "nts://127.0.0.1"],
            ["nts://127.0.0.1:4460", "127.0.0.1:123"],
            ["127.0.0.1:11123", "127.0.0.1:11123"],
            ["nts://clock.invalid", "nts://clock.invalid"],
        ] {
            let error = distinct(&names(&twice)).unwrap_err();
            assert_eq!(error.blame, Blame::Caller, "{twice:?}");
        }
        let several = ["127.0.0.1", "127.0.0.1:11123", "nts://127.0.0.1:11124", "nts://127.0.0.2"];
        assert_eq!(distinct(&names(&several)).unwrap().len(), 4);
    }

    #[test]
    fn sources_are_addresses_and_names_with_and_without_ports() {
        for (name, address) in [
            ("127.0.0.1", "127.0.0.1:123"),
            ("127.0.0.2:11123", "127.0.0.2:11123"),
            ("::1", "[::1]:123"),
            ("[::1]:5", "[::1]:5"),
        ] {
            assert_eq!(resolved(name, 123).unwrap().to_string(), address);
        }
        // A top-level name that never is (RFC 6761).
        assert_eq!(resolved("clock.invalid", 123).unwrap_err().blame, Blame::Environment);
        for bad in ["", ":", "127.0.0.1:0", "127.0.0.1:99999", "host:", "a b", "0.0.0.0", "x:y:1"] {
            assert_eq!(resolved(bad, 123).unwrap_err().blame, Blame::Caller, "{bad}");
        }
    }
}
