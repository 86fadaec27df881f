//! Keys and values in JSON: a string where the bytes are UTF-8, otherwise `{"hex": "00ff"}`.

use bytes::Bytes;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Bytes as JSON shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text(pub(super) Bytes);

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        use fmt::Write as _;
        if let Ok(text) = std::str::from_utf8(&self.0) {
            return out.serialize_str(text);
        }
        let mut hex = String::with_capacity(2 * self.0.len());
        for byte in &self.0 {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        let mut map = out.serialize_map(Some(1))?;
        map.serialize_entry("hex", &hex)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or {\"hex\": \"...\"}")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text(Bytes::copy_from_slice(text.as_bytes())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
        let wrong = || A::Error::custom("expected one member `hex` of digit pairs");
        let (name, digits) = map.next_entry::<String, String>()?.ok_or_else(wrong)?;
        if name != "hex" || map.next_entry::<String, String>()?.is_some() {
            return Err(wrong());
        }
        let mut bytes = Vec::with_capacity(digits.len() / 2);
        for pair in digits.as_bytes().chunks(2) {
            let [high, low] = pair else { return Err(wrong()) };
            let digit = |byte: u8| char::from(byte).to_digit(16).ok_or_else(wrong);
            bytes.push((digit(*high)? << 4 | digit(*low)?) as u8);
        }
        Ok(Text(bytes.into()))
    }
}
