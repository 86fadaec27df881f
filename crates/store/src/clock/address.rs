//! Where servers are: names and addresses, with and without ports.

use avouch_promise::{Blame, Error};
use std::net::{SocketAddr, ToSocketAddrs as _};

/// A server by its name, with its address, or why there is none.
pub type Server = (String, Result<SocketAddr, String>);

/// Where NTP servers listen.
pub const NTP_PORT: u16 = 123;
/// Where chronyd takes commands.
pub const CHRONYD_PORT: u16 = 323;

/// Each NTP server with its address; a name that nobody resolves now has none yet.
///
/// # Errors
/// `Caller` for what is no server, and for one that is named twice.
pub fn distinct(names: &[String]) -> Result<Vec<Server>, Error> {
    let mut sources: Vec<Server> = Vec::new();
    for name in names {
        let address = match resolved(name, NTP_PORT) {
            // A name that nobody resolves is one source that says nothing; the others may know.
            Err(error) if error.blame == Blame::Environment => Err(error.got),
            address => Ok(address?),
        };
        let is_same = |(known, at): &&Server| match &address {
            Ok(_) => *at == address,
            Err(_) => known == name,
        };
        if let Some((other, _)) = sources.iter().find(is_same) {
            let shared = match &address {
                Ok(address) => address.to_string(),
                Err(_) => format!("`{name}`"),
            };
            let got = format!("`{other}` and `{name}`, which are both {shared}");
            return Err(Error::new(Blame::Caller, "each source once", got)
                .hint("a server that is asked twice has no two votes"));
        }
        sources.push((name.clone(), address));
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
    use super::resolved;
    use avouch_promise::Blame;

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
