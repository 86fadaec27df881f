//! A node's address, `host:port`, as people type and paste it.
//!
//! `http://` before it and `/` behind it are left out, because that is how we and etcd's tools
//! print addresses. Anything else that is no address is refused where it is typed.

use avouch_promise::{Blame, Error};

/// The address without what may surround it.
pub fn parse(text: &str) -> Result<String, Error> {
    let wrong = |hint: &str| {
        Err(Error::new(Blame::Caller, "an address host:port", format!("`{text}`")).hint(hint))
    };
    if text.starts_with("https://") {
        return wrong("this version speaks without TLS: write host:port");
    }
    let address = text.strip_prefix("http://").unwrap_or(text);
    let address = address.strip_suffix('/').unwrap_or(address);
    match split(address) {
        Some(_) => Ok(address.to_owned()),
        None => wrong("write 10.0.0.1:2379"),
    }
}

/// The parts of `host:port`.
pub fn split(address: &str) -> Option<(&str, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    let plain = !host.is_empty() && !host.contains(['/', ' ', '=', '@', ',']);
    // An address with colons of its own stands in brackets.
    let whole = !host.contains(':') || host.starts_with('[') && host.ends_with(']');
    if plain && whole { Some((host, port.parse().ok()?)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_as_it_is_printed_and_anything_else_is_refused() {
        for text in ["10.0.0.1:2379", "http://10.0.0.1:2379", "http://10.0.0.1:2379/"] {
            assert_eq!(parse(text).unwrap(), "10.0.0.1:2379");
        }
        assert_eq!(split("[::1]:80"), Some(("[::1]", 80)));
        for text in ["", "nowhere", ":1", "a:b", "a:99999", "https://a:1", "ftp://a:1", "::1:80"] {
            assert_eq!(parse(text).unwrap_err().blame, Blame::Caller, "{text}");
        }
        assert!(parse("https://a:1").unwrap_err().hint.contains("TLS"));
    }
}
