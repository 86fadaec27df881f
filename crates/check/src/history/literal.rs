//! One writing for each value: `"a\u0062"` is `"ab"`, and `1.50` is `1.5`.
//!
//! Keys and values are compared as texts. So a text's escapes are written in one way, and a number
//! with a point or an exponent, too. In JSON, which has one kind of numbers, `1.0` is 1; in EDN it
//! is another value than 1. Everything else stands as it was written.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A scalar in its one writing.
pub(crate) fn canonical(word: &str, is_json: bool) -> Cow<'_, str> {
    let found = match word.as_bytes().first() {
        Some(b'"') if word.contains('\\') => {
            let inner = word.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            inner.and_then(unescaped).map(|text| format!("\"{}\"", escaped(&text)))
        }
        Some(b'-' | b'+' | b'0'..=b'9') if word.contains(['.', 'e', 'E']) => decimal(word, is_json),
        _ => None,
    };
    found.map_or(Cow::Borrowed(word), Cow::Owned)
}

/// A text without its escapes; nothing if one of them is none.
pub(crate) fn unescaped(text: &str) -> Option<String> {
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        let sign = match sign {
            '\\' => match signs.next()? {
                same @ ('"' | '\\' | '/') => same,
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'u' => {
                    let (digits, rest) = signs.as_str().split_at_checked(4)?;
                    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                    units.push(is_hex.then(|| u16::from_str_radix(digits, 16).ok())??);
                    signs = rest.chars();
                    continue;
                }
                _ => return None,
            },
            sign => sign,
        };
        units.extend_from_slice(sign.encode_utf16(&mut [0; 2]));
    }
    String::from_utf16(&units).ok()
}

/// A text with as few escapes as a line of EDN or JSON needs.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            '\r' => escaped.push_str("\\r"),
            '\0'..='\u{1f}' => {
                let _ = write!(escaped, "\\u{:04x}", u32::from(sign));
            }
            sign => escaped.push(sign),
        }
    }
    escaped
}

/// Beyond so many digits before or after the point, the exponent is written.
const PLAIN_MAX: i64 = 20;

/// A number with a point or exponent; nothing if it is none.
fn decimal(word: &str, is_json: bool) -> Option<String> {
    let (sign, number) = match word.as_bytes().first()? {
        b'-' => ("-", word.get(1..)?),
        b'+' => ("", word.get(1..)?),
        _ => ("", word),
    };
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (number, 0),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let are_digits = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
    if whole.is_empty() || !are_digits(whole) || !are_digits(part) {
        return None;
    }
    // The number is 0.DIGITS * 10^point, with no zeros at either end of the digits.
    let digits = format!("{whole}{part}");
    let bare = digits.trim_start_matches('0');
    let point = i64::try_from(whole.len()).ok()? - i64::try_from(digits.len() - bare.len()).ok()?
        + i64::from(exponent);
    let bare = bare.trim_end_matches('0');
    let count = i64::try_from(bare.len()).ok()?;
    if bare.is_empty() {
        return Some(if is_json { "0" } else { "0.0" }.to_owned());
    }
    let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0));
    Some(if !(-PLAIN_MAX..=PLAIN_MAX).contains(&point) {
        format!("{sign}0.{bare}e{point}")
    } else if point >= count {
        let end = if is_json { "" } else { ".0" };
        format!("{sign}{bare}{}{end}", zeros(point - count))
    } else if point > 0 {
        let (whole, part) = bare.split_at(usize::try_from(point).ok()?);
        format!("{sign}{whole}.{part}")
    } else {
        format!("{sign}0.{}{bare}", zeros(-point))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_writing() {
        for (word, edn, json) in [
            ("1.0", "1.0", "1"),
            ("1.00", "1.0", "1"),
            ("10e-1", "1.0", "1"),
            ("1.50", "1.5", "1.5"),
            ("0.0150E2", "1.5", "1.5"),
            ("-0.0", "0.0", "0"),
            ("12.5e1", "125.0", "125"),
            ("-0.00250", "-0.0025", "-0.0025"),
            ("1e300", "0.1e301", "0.1e301"),
            ("17", "17", "17"),
            ("1.5M", "1.5M", "1.5M"),
            ("1.2.3", "1.2.3", "1.2.3"),
            ("1e99999999999", "1e99999999999", "1e99999999999"),
            (":a.e", ":a.e", ":a.e"),
            (r#""a\u0062\/""#, r#""ab/""#, r#""ab/""#),
            (r#""\ud83d\ude00""#, "\"\u{1f600}\"", "\"\u{1f600}\""),
            (r#""\u0022\u000a\u0001""#, r#""\"\n\u0001""#, r#""\"\n\u0001""#),
            (r#""\ud83d""#, r#""\ud83d""#, r#""\ud83d""#),
            (r#""\q""#, r#""\q""#, r#""\q""#),
        ] {
            assert_eq!(canonical(word, false), edn, "{word} in EDN");
            assert_eq!(canonical(word, true), json, "{word} in JSON");
            assert_eq!(canonical(edn, false), edn, "{word} twice");
        }
    }
}
