//! Dates in UTC as people write them. Leap seconds do not count, as in POSIX.
//!
//! Days from dates and back by eras of 400 years that begin in March (Howard Hinnant,
//! "chrono-compatible low-level date algorithms").

use avouch_promise::WallTime;

const DAY: i64 = 86_400;
const NANOS: i64 = 1_000_000_000;

/// `2026-11-27 16:57:06.123456789 UTC`.
pub fn text(time: WallTime) -> String {
    let (seconds, nanos) = (time.0.div_euclid(NANOS), time.0.rem_euclid(NANOS));
    let (day, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (year, month, day) = date(day);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{nanos:09} UTC")
}

/// Reads `2026-11-27T16:57:06Z`, perhaps with a fraction of a second; nothing for what is no date,
/// or none that nanoseconds since 1970 reach.
pub fn parse(text: &str) -> Option<WallTime> {
    let text = text.strip_suffix('Z')?;
    let (date, clock) = text.split_once(['T', ' '])?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let numbers = |text: &str, sign: char| {
        let parts: Vec<&str> = text.split(sign).collect();
        let [first, second, third] = parts.as_slice() else { return None };
        let is_well = first.len() >= 2 && second.len() == 2 && third.len() == 2;
        let read = |part: &str| part.parse::<i64>().ok().filter(|_| digits(part));
        is_well.then_some([read(first)?, read(second)?, read(third)?])
    };
    let ([year, month, day], [hour, minute, second]) = (numbers(date, '-')?, numbers(clock, ':')?);
    if year > 9_999 || !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days(year, month, day);
    if day == 0 || self::date(days) != (year, month, day) {
        return None;
    }
    let seconds = days * DAY + hour * 3_600 + minute * 60 + second;
    let nanos: i64 = format!("{fraction:0<9}").parse().ok()?;
    seconds.checked_mul(NANOS)?.checked_add(nanos).map(WallTime)
}

/// The beginning of the next month, which is where a leap second may be.
pub fn month_end(time: WallTime) -> WallTime {
    let (year, month, _) = date(time.0.div_euclid(NANOS).div_euclid(DAY));
    let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    WallTime(days(year, month, 1).saturating_mul(DAY).saturating_mul(NANOS))
}

/// Days since 1970 of a date.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a day since 1970.
fn date(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::{date, days, month_end, parse, text};
    use avouch_promise::WallTime;

    #[test]
    fn every_day_of_four_centuries_is_found_again() {
        let mut last = date(-150_000);
        for day in -149_999..150_000 {
            let next = date(day);
            assert_eq!(days(next.0, next.1, next.2), day);
            let follows = next.2 == last.2 + 1 && (next.0, next.1) == (last.0, last.1);
            assert!(follows || next.2 == 1, "{next:?} after {last:?}");
            last = next;
        }
    }

    #[test]
    fn a_month_ends_where_the_next_begins() {
        for (time, end) in [
            ("2016-12-31T23:59:59.999999999Z", "2017-01-01T00:00:00Z"),
            ("2017-01-01T00:00:00Z", "2017-02-01T00:00:00Z"),
            ("2024-02-28T12:00:00Z", "2024-03-01T00:00:00Z"),
        ] {
            assert_eq!(parse(time).map(month_end), parse(end));
        }
    }

    #[test]
    fn dates_are_written_and_read() {
        assert_eq!(text(WallTime(0)), "1970-01-01 00:00:00.000000000 UTC");
        assert_eq!(text(WallTime(-1)), "1969-12-31 23:59:59.999999999 UTC");
        assert_eq!(text(WallTime(1_709_209_845_000_000_007)), "2024-02-29 12:30:45.000000007 UTC");
        assert_eq!(
            parse("2024-02-29T12:30:45.000000007Z"),
            Some(WallTime(1_709_209_845_000_000_007))
        );
        assert_eq!(parse("1970-01-01T00:00:01Z"), Some(WallTime(1_000_000_000)));
        for bad in [
            "",
            "Z",
            "2024-02-29",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:60Z",
            "2024-01-01T00:00:00.Z0",
            "2024-01-01T00:00:00.1234567890Z",
            "2024-+1-01T00:00:00Z",
            "2400-01-01T00:00:00Z",
            "2024-01-00T00:00:00Z",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
