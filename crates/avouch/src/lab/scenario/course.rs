//! How the course of a wall clock's error is written: `linear -1000` (parts per billion),
//! `periodic 40ms 400ms` (amplitude, period) or `leap 500ms` (a second ahead, back over so long).

use super::codec::{Codec, Names, quoted};
use super::reader::{Value, describe};
use super::source::Problem;
use crate::quantity::{exact, nanos_of};
use avouch_world::Course;

/// A course, or none.
pub(super) struct MaybeCourse;

impl Codec for MaybeCourse {
    type Value = Option<Course>;
    const WHAT: &'static str = "the course of a clock's error";
    const EXAMPLE: &'static str =
        "\"linear -1000\" (parts per billion), \"periodic 40ms 400ms\" or \"leap 500ms\"";
    fn hear(value: &Value<'_>, _: &Names) -> Result<Self::Value, Problem> {
        let said = value.get_ref().as_str().and_then(course_of);
        said.map(Some).ok_or_else(|| {
            let got = describe(value.get_ref());
            Problem::new(value.span(), Self::WHAT, got).hint(format!("write {}", Self::EXAMPLE))
        })
    }
    fn speak(value: &Self::Value) -> String {
        value.map(|course| quoted(&text(course))).unwrap_or_default()
    }
    fn absent() -> Option<Self::Value> {
        Some(None)
    }
    fn is_absent(value: &Self::Value) -> bool {
        value.is_none()
    }
}

fn course_of(said: &str) -> Option<Course> {
    let words: Vec<&str> = said.split_whitespace().collect();
    Some(match words.as_slice() {
        ["linear", ppb] => Course::Linear { ppb: ppb.replace('_', "").parse().ok()? },
        ["periodic", amplitude, period] => {
            Course::Periodic { amplitude: nanos_of(amplitude)?, period: nanos_of(period)? }
        }
        ["leap", over] => Course::Leap { over: nanos_of(over)? },
        _ => return None,
    })
}

fn text(course: Course) -> String {
    match course {
        Course::Linear { ppb } => format!("linear {ppb}"),
        Course::Periodic { amplitude, period } => {
            format!("periodic {} {}", exact(amplitude), exact(period))
        }
        Course::Leap { over } => format!("leap {}", exact(over)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_promise::Nanos;

    #[test]
    fn every_course_is_read_back_as_it_was_written() {
        let ms = Nanos::from_millis;
        for course in [
            Course::Linear { ppb: -20_000 },
            Course::Periodic { amplitude: Nanos(1_500), period: ms(400) },
            Course::Leap { over: ms(500) },
            Course::Leap { over: Nanos::ZERO },
        ] {
            assert_eq!(course_of(&text(course)), Some(course), "{course:?}");
        }
        assert_eq!(course_of("linear"), None);
        assert_eq!(course_of("periodic 5 6"), None);
    }
}
