//! `clock explain`: what hybrid stamps say.

//= §3.3.1 stamp-debugging

use super::arguments::Explain;
use crate::quantity::span_text;
use crate::screen::{Format, Screen};
use avouch_promise::{Blame, Error, Nanos, WallTime};
use avouch_time::calendar;
use avouch_time::hybrid::Stamp;
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::time::Duration;

pub(super) fn run(asked: &Explain, screen: &mut Screen) -> Result<(), Error> {
    let stamps = asked.stamps.iter().map(|text| read(text)).collect::<Result<Vec<_>, _>>()?;
    if screen.format == Format::Json {
        let mut all: Vec<Value> = stamps.iter().map(|stamp| to_json(*stamp)).collect();
        for (told, pair) in all.iter_mut().skip(1).zip(stamps.windows(2)) {
            told["beside_previous"] = compared_json(pair[0], pair[1]);
        }
        screen.line(&Value::from(all).to_string());
        return Ok(());
    }
    for stamp in &stamps {
        tell(*stamp, screen);
    }
    for pair in stamps.windows(2) {
        screen.line(&compared(pair[0], pair[1]));
    }
    Ok(())
}

/// A stamp as it was typed.
fn read(text: &str) -> Result<Stamp, Error> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let found = if let Some(digits) = text.strip_prefix("0x") {
        let is_hex = !digits.starts_with('+');
        u64::from_str_radix(digits, 16).ok().filter(|_| is_hex).map(Stamp)
    } else if text.len() == 16 && !text.contains('-') {
        text.parse().ok()
    } else if is_number {
        text.parse().ok().map(Stamp)
    } else {
        calendar::parse(text).map(|time| at(time, text)).transpose()?
    };
    found.ok_or_else(|| {
        if is_like_a_time(text) {
            let expected = "a time of UTC as YYYY-MM-DDTHH:MM:SSZ, or with a fraction before the Z";
            return Error::new(Blame::Caller, expected, format!("`{text}`"))
                .hint("for example 2026-11-27T16:57:06Z or 2026-11-27T16:57:06.25Z");
        }
        let expected = "a hybrid stamp: 16 hexadecimal digits, 0x and digits, a number, or a time";
        Error::new(Blame::Caller, expected, format!("`{text}`")).hint(
            "for example 6a28ec5b1eb80003, or 2026-11-27T16:57:06Z for the first of that time",
        )
    })
}

/// Whether a text was meant as a time: it begins with a date's year, or has a clock's colon.
fn is_like_a_time(text: &str) -> bool {
    let year = text.split('-').next().unwrap_or_default();
    let is_year = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    (is_year && text.contains('-')) || text.contains(':')
}

/// The first stamp of a time, if stamps reach so far.
fn at(time: WallTime, text: &str) -> Result<Stamp, Error> {
    if (0..1_000_000_000_i64 << 32).contains(&time.0) {
        return Ok(Stamp::at(time));
    }
    let expected = "a time from 1970-01-01T00:00:00Z until 2106-02-07T06:28:16Z";
    Err(Error::new(Blame::Caller, expected, format!("`{text}`"))
        .hint("a stamp has 32 bits of seconds since 1970, and no stamp is of that time"))
}

fn to_json(stamp: Stamp) -> Value {
    json!({
        "stamp": stamp.to_string(),
        "number": stamp.0,
        "time": calendar::text(stamp.time()),
        "nanoseconds": stamp.time().0,
        "unit_nanoseconds": Stamp::unit().0,
        "counter": stamp.counter(),
    })
}

fn tell(stamp: Stamp, screen: &mut Screen) {
    screen.line(&format!("stamp {stamp}"));
    let unit = span(Stamp::unit());
    screen
        .line(&format!("  time     {}, a unit of {unit} (2^-16 s)", calendar::text(stamp.time())));
    let counter = match stamp.counter() {
        0 => "0: the first of its unit".to_owned(),
        counter => format!("{counter}: {counter} may come before it in its unit"),
    };
    screen.line(&format!("  counter  {counter}"));
    screen.line(&format!("  number   {}", stamp.0));
}

/// The same for programs, of the later of the two in the order asked.
fn compared_json(previous: Stamp, stamp: Stamp) -> Value {
    let relation = match stamp.cmp(&previous) {
        Ordering::Less => "below",
        Ordering::Equal => "same",
        Ordering::Greater => "above",
    };
    json!({
        "relation": relation,
        "apart_nanoseconds": stamp.time().0.abs_diff(previous.time().0),
        "says": compared(previous, stamp),
    })
}

/// What two stamps say of their events.
fn compared(one: Stamp, other: Stamp) -> String {
    let (low, high) = (one.min(other), one.max(other));
    if low == high {
        return format!("{low} twice: one event, or two nodes that gave it at once");
    }
    let apart = Nanos(high.time().0.abs_diff(low.time().0));
    let apart = match apart.0 {
        0 => "in the same unit".to_owned(),
        _ => format!("{} apart", span(apart)),
    };
    format!("{low} is below {high}, {apart}: what has {high} did not happen before what has {low}")
}

fn span(nanos: Nanos) -> String {
    span_text(Duration::from_nanos(nanos.0))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may")]
mod tests {
    use super::{compared, read};
    use avouch_time::hybrid::Stamp;

    #[test]
    fn stamps_are_read_in_every_form() {
        let stamp = Stamp(0x6a28_ec5b_1eb8_0003);
        assert_eq!(read("6a28ec5b1eb80003").unwrap(), stamp);
        assert_eq!(read("0x6A28ec5b1eb80003").unwrap(), stamp);
        assert_eq!(read(&stamp.0.to_string()).unwrap(), stamp);
        assert_eq!(read("1970-01-01T00:00:01Z").unwrap(), Stamp(1 << 32));
        assert_eq!(read("7").unwrap(), Stamp(7));
        for bad in ["", "0x", "0x+1", "6a28ec5b1eb8000", "now", "18446744073709551616"] {
            let error = read(bad).unwrap_err().to_string();
            assert!(error.contains("hybrid stamp"), "{bad}: {error}");
        }
        let error = read("2026-11-27").unwrap_err().to_string();
        assert!(error.contains("YYYY-MM-DDTHH:MM:SSZ"), "{error}");
        let last = Stamp(u64::MAX << 16);
        assert_eq!(read("2106-02-07T06:28:15.999999999Z").unwrap(), last);
        assert_eq!(read("1970-01-01T00:00:00Z").unwrap(), Stamp(0));
        for far in ["1969-12-31T23:59:59Z", "1950-01-01T00:00:00Z", "2106-02-07T06:28:16Z"] {
            let error = read(far).unwrap_err().to_string();
            assert!(error.contains("until 2106-02-07") && error.contains(far), "{error}");
        }
    }

    #[test]
    fn what_two_stamps_say_does_not_depend_on_their_order() {
        let (one, other) = (Stamp(1 << 32), Stamp((1 << 32) + 5));
        assert_eq!(compared(one, other), compared(other, one));
        assert!(compared(one, other).contains("in the same unit"));
        assert!(compared(one, one).contains("twice"));
        assert!(compared(one, Stamp(2 << 32)).contains("1.000 s apart"));
    }
}
