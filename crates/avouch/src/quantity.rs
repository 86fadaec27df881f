//! Quantities as people type them: `2s`, `1.5s`, `250ms`, `1GiB`.

pub use avouch_promise::quantity::counted;
use avouch_promise::{Blame, Error, Nanos};
use std::time::Duration;

/// The most digits after the point: a nanosecond of a second.
const FRACTION_MAX: usize = 9;

/// A number, perhaps with a fraction, and its unit: so many of the smallest unit. Nothing where
/// that is no whole number.
fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let is_of_a_number = |c: char| c.is_ascii_digit() || c == '.';
    let digits = text.len() - text.trim_start_matches(is_of_a_number).len();
    let (number, unit) = text.split_at(digits);
    let (_, size) = units.iter().find(|(name, _)| *name == unit.trim())?;
    let Some((whole, fraction)) = number.split_once('.') else {
        return number.parse::<u64>().ok()?.checked_mul(*size);
    };
    if fraction.is_empty() || fraction.len() > FRACTION_MAX {
        return None;
    }
    let parts = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let (whole, fraction): (u64, u64) = (whole.parse().ok()?, fraction.parse().ok()?);
    let all = (u128::from(whole) * parts + u128::from(fraction)).checked_mul(u128::from(*size))?;
    if all.is_multiple_of(parts) { u64::try_from(all / parts).ok() } else { None }
}

/// The units of time, the longest first.
const SPANS: [(&str, u64); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// A span of time that may be nothing, in nanoseconds; none for what is no span.
pub fn nanos_of(text: &str) -> Option<Nanos> {
    with_unit(text, &SPANS).map(Nanos)
}

/// A span exactly, in the longest unit that divides it: what [`nanos_of`] reads back.
pub fn exact(span: Nanos) -> String {
    let fits = |(_, size): &&(&str, u64)| span.0.is_multiple_of(*size);
    match SPANS.iter().find(fits) {
        Some((unit, size)) if span.0 > 0 => format!("{}{unit}", span.0 / size),
        _ => "0s".to_owned(),
    }
}

/// A duration of the standard library as a span; what is too long is the longest.
pub fn nanos(span: Duration) -> Nanos {
    Nanos(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX))
}

/// A span of time above zero: `250ms`, `1.5s`, `1m`, `1h`.
pub fn span(text: &str) -> Result<Duration, Error> {
    let span = nanos_of(text).filter(|span| *span > Nanos::ZERO);
    span.map(|span| Duration::from_nanos(span.0)).ok_or_else(|| {
        let bare = text.parse::<u64>().is_ok_and(|number| number > 0);
        let got = if bare { format!("`{text}`, which needs a unit") } else { format!("`{text}`") };
        Error::new(Blame::Caller, "a span of time above zero", got)
            .hint("write 250ms, 1.5s, 1m or 1h")
    })
}

/// The shortest span in which anybody can be asked.
const SHORTEST: Duration = Duration::from_millis(1);

/// A span of time that leaves room for an answer.
pub fn deadline(text: &str) -> Result<Duration, Error> {
    let span = span(text)?;
    if span >= SHORTEST {
        return Ok(span);
    }
    Err(Error::new(Blame::Caller, "a deadline of at least 1ms", format!("`{text}`"))
        .hint("an answer from another region takes some 100 ms"))
}

/// A number of bytes above zero: `4096`, `64MiB`, `1.5GiB`; `64M` and `1G` are these units, too, as
/// they are to `docker` and `systemd`.
pub fn size(text: &str) -> Result<u64, Error> {
    let units = [
        ("", 1),
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("TiB", 1 << 40),
        ("K", 1 << 10),
        ("M", 1 << 20),
        ("G", 1 << 30),
        ("T", 1 << 40),
    ];
    with_unit(text, &units).filter(|bytes| *bytes > 0).ok_or_else(|| {
        Error::new(Blame::Caller, "a number of bytes above zero", format!("`{text}`"))
            .hint("write 4096, 64MiB, 1.5GiB or 1G (which is 1GiB)")
    })
}

/// Units of bits per second.
const RATES: [(&str, u64); 5] = [
    ("bit", 1),
    ("kbit", 1_000),
    ("Mbit", 1_000_000),
    ("Gbit", 1_000_000_000),
    ("Tbit", 1_000_000_000_000),
];

/// A rate as it is read, in the largest unit that says it exactly.
pub fn exact_rate(bits: u64) -> String {
    let fits = RATES.iter().rev().find(|(_, size)| bits.is_multiple_of(*size));
    fits.map_or_else(String::new, |(unit, size)| format!("{}{unit}", bits / size))
}

/// A number of bits per second above zero: `100Mbit`, `10Gbit`.
pub fn rate(text: &str) -> Result<u64, Error> {
    with_unit(text, &RATES).filter(|bits| *bits > 0).ok_or_else(|| {
        Error::new(Blame::Caller, "a number of bits per second above zero", format!("`{text}`"))
            .hint("write 100Mbit or 10Gbit")
    })
}

/// A span in words, to three digits.
pub fn span_text(span: Duration) -> String {
    nanos(span).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_exactly_is_read_back_and_nothing_is_a_span_too() {
        for nanos in [0, 1, 999, 1_000, 1_500, 90_000_000_000, 7_200_000_000_000, u64::MAX] {
            assert_eq!(nanos_of(&exact(Nanos(nanos))), Some(Nanos(nanos)));
        }
        assert_eq!(exact(Nanos::ZERO), "0s");
        assert_eq!(exact(Nanos(1_500)), "1500ns");
        assert_eq!(
            (nanos_of("0ms"), nanos_of("5"), nanos_of("-1s")),
            (Some(Nanos::ZERO), None, None)
        );
        assert_eq!(nanos(Duration::MAX), Nanos(u64::MAX));
    }

    #[test]
    fn spans_and_sizes_are_read_or_refused_with_a_hint() {
        assert_eq!(span("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(span("2s"), Ok(Duration::from_secs(2)));
        assert_eq!(span("1h"), Ok(Duration::from_secs(3_600)));
        assert!(span("5").unwrap_err().got.contains("needs a unit"));
        assert_eq!(deadline("1ms"), Ok(Duration::from_millis(1)));
        assert!(deadline("1ns").unwrap_err().expected.contains("at least"));
        assert_eq!(size("1GiB"), Ok(1 << 30));
        assert_eq!(size("4096"), Ok(4096));
        assert_eq!(
            (size("1G"), size("1.5GiB"), size("64M")),
            (Ok(1 << 30), Ok(3 << 29), Ok(1 << 26))
        );
        assert_eq!(span("1.5s"), Ok(Duration::from_millis(1_500)));
        assert_eq!(span("0.000000001s"), Ok(Duration::from_nanos(1)));
        for wrong in ["1.s", ".5s", "1.5ns", "1.5.5s", "0.0s", "0.0000000001h", "1,5s", "1e3s"] {
            assert!(span(wrong).unwrap_err().hint.contains("1.5s"), "{wrong}");
        }
        assert!(size("1.0001").is_err() && size("1.5").is_err());
        for wrong in ["", "s", "2", "0s", "-1s", "2 parsecs", "99999999999999999999s"] {
            assert!(!span(wrong).unwrap_err().hint.is_empty(), "{wrong}");
        }
        assert_eq!(rate("10Gbit"), Ok(10_000_000_000));
        for wrong in ["", "10", "0Mbit", "10GBit", "99999999999Tbit"] {
            assert!(!rate(wrong).unwrap_err().hint.is_empty(), "{wrong}");
        }
        for wrong in ["", "0", "1GB", "99999999TiB"] {
            assert!(!size(wrong).unwrap_err().hint.is_empty(), "{wrong}");
        }
    }
}
