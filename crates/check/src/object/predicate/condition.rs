//! What a read by predicate asks for.

use super::super::datum::Datum;
use std::fmt;

/// A predicate over the value of a key. Of a key that is not there none holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// Every value.
    Any,
    /// This value.
    Equals(Datum),
    /// Whole numbers with this remainder, the floored one, by a divisor above zero.
    Remainder { divisor: i64, of: i64 },
}

impl Condition {
    /// Reads one: `:true`, `[:= 2]`, `[:mod 3 0]`.
    pub(super) fn of(datum: &Datum) -> Option<Self> {
        if datum.is_name("true") {
            return Some(Self::Any);
        }
        match datum.list()? {
            [name, value] if name.is_name("=") => Some(Self::Equals(value.clone())),
            [name, divisor, of] if name.is_name("mod") => {
                let divisor = divisor.integer().filter(|divisor| *divisor > 0)?;
                Some(Self::Remainder { divisor, of: of.integer()? })
            }
            _ => None,
        }
    }

    /// Whether it holds of a value.
    pub(super) fn holds(&self, value: &Datum) -> bool {
        match self {
            Self::Any => true,
            Self::Equals(other) => value == other,
            Self::Remainder { divisor, of } => {
                value.integer().is_some_and(|value| value.rem_euclid(*divisor) == *of)
            }
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("anything"),
            Self::Equals(value) => write!(f, "= {value}"),
            Self::Remainder { divisor, of } => write!(f, "mod {divisor} = {of}"),
        }
    }
}
