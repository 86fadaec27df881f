//! `clock audit`: how far off this host's clock is, by what servers say, and what that rests on.
//!
//! ```text
//!   Wish --> asking (a thread and a socket a source) --> Finding --> told (text, JSON)
//!                 readings of this host's clocks ------/
//! ```

//= §3.1.2 skew
//= §3.1.2 sync-health

mod asking;
mod finding;
mod host;
mod told;

use super::arguments::Audit;
use crate::exit::Exit;
use crate::quantity;
use crate::screen::{Format, Screen};
use asking::Asked;
use avouch_promise::{Blame, Error, Nanos};
use avouch_time::interval::Drift;
use finding::Finding;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

/// What is wished for, as valid values.
struct Wish {
    /// Each by its name, with its address, or why there is none.
    sources: Vec<(String, Result<SocketAddr, String>)>,
    samples: u32,
    interval: Duration,
    rho: Drift,
    within: Option<Nanos>,
}

pub(super) fn run(audit: &Audit, screen: &mut Screen) -> Result<Exit, Error> {
    let wish = wish(audit)?;
    let before = host::clocks();
    let asked = asking::ask(&wish, screen)?;
    let after = host::clocks();
    let finding = Finding::of(&wish, &asked, &before, &after);
    match screen.format {
        Format::Json => screen.line(&told::json(&wish, &asked, &finding).to_string()),
        Format::Text => told::text(&wish, &asked, &finding, screen),
    }
    Ok(Exit::Verdict(finding.verdict))
}

fn wish(audit: &Audit) -> Result<Wish, Error> {
    let parts = audit.drift_bound * 1e3;
    if !(1.0..=1e6).contains(&parts) {
        let got = format!("{}", audit.drift_bound);
        return Err(Error::new(Blame::Caller, "--drift-bound from 0.001 to 1000 ppm", got)
            .hint("an oscillator of a server is within 50 or so; 15 is what RFC 5905 assumes"));
    }
    #[expect(clippy::cast_sign_loss, reason = "it is in its range")]
    let rho = Drift::ppb(parts.ceil() as u32);
    let within = audit.within.as_deref().map(quantity::span).transpose()?.map(quantity::nanos);
    let interval = quantity::span(&audit.interval)?;
    let mut sources: Vec<(String, Result<SocketAddr, String>)> = Vec::new();
    for name in &audit.sources {
        let address = match resolved(name) {
            // A name that nobody resolves is one source that says nothing; the others may know.
            Err(error) if error.blame == Blame::Environment => Err(error.got),
            address => Ok(address?),
        };
        let is_same = |(known, at): &&(String, Result<SocketAddr, String>)| match &address {
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
    Ok(Wish { sources, samples: audit.samples, interval, rho, within })
}

/// The first address of a source.
fn resolved(name: &str) -> Result<SocketAddr, Error> {
    const PORT: u16 = 123;
    let wrong = |got: String| {
        Error::new(Blame::Caller, "an NTP server: a host or an address, and perhaps a port", got)
            .hint("for example time.example.org, 192.0.2.7:11123 or [2001:db8::7]:123")
    };
    let bare = name.parse::<std::net::IpAddr>().map(|address| SocketAddr::new(address, PORT));
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
        None => (name, PORT),
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

/// What of a source was asked and answered; shared by those that judge and tell.
type Sources = [Asked];

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
            assert_eq!(resolved(name).unwrap().to_string(), address);
        }
        // A top-level name that never is (RFC 6761).
        assert_eq!(resolved("clock.invalid").unwrap_err().blame, Blame::Environment);
        for bad in ["", ":", "127.0.0.1:0", "127.0.0.1:99999", "host:", "a b", "0.0.0.0", "x:y:1"] {
            assert_eq!(resolved(bad).unwrap_err().blame, Blame::Caller, "{bad}");
        }
    }
}
