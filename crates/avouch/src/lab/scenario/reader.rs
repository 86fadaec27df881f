//! Reads a table of a scenario: each member by a codec that knows its kind, unknown members
//! refused with the nearest known one.

use super::codec::{Codec, Names};
use super::source::Problem;
use std::cell::RefCell;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value with its place in the text.
pub type Value<'a> = Spanned<DeValue<'a>>;

/// A table being read. Members that are asked for count as known.
pub struct Table<'a> {
    members: &'a DeTable<'a>,
    span: Range<usize>,
    names: &'a Names,
    what: &'static str,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Table<'a> {
    /// The table in `value`; `what` names it in errors.
    pub fn of(value: &'a Value<'a>, what: &'static str, names: &'a Names) -> Result<Self, Problem> {
        match value.get_ref() {
            DeValue::Table(members) => {
                Ok(Self { members, span: value.span(), names, what, known: RefCell::default() })
            }
            other => Err(Problem::new(value.span(), what, describe(other))),
        }
    }

    /// The whole document.
    pub fn root(members: &'a Spanned<DeTable<'a>>, names: &'a Names) -> Self {
        let span = 0..members.get_ref().iter().next().map_or(0, |(key, _)| key.span().end);
        let known = RefCell::default();
        Self { members: members.get_ref(), span, names, what: "a scenario", known }
    }

    /// Where the table stands: for a problem that has no better place.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// A member as it is.
    pub fn value(&self, key: &'static str) -> Option<&'a Value<'a>> {
        self.known.borrow_mut().push(key);
        self.members.get(key)
    }

    /// A member that may be absent.
    pub fn want<C: Codec>(&self, key: &'static str) -> Result<Option<C::Value>, Problem> {
        self.value(key).map(|value| C::hear(value, self.names)).transpose()
    }

    /// A member that must be there.
    pub fn need<C: Codec>(&self, key: &'static str) -> Result<C::Value, Problem> {
        let absent = || {
            let got = format!("{} without `{key}`", self.what);
            Problem::new(self.span(), format!("`{key}`, {}", C::WHAT), got)
                .hint(format!("write {key} = {}", C::EXAMPLE))
        };
        self.want::<C>(key)?.ok_or_else(absent)
    }

    /// Every table of an array of tables; none when it is absent.
    pub fn tables(&self, key: &'static str, what: &'static str) -> Result<Vec<Table<'a>>, Problem> {
        let Some(value) = self.value(key) else { return Ok(Vec::new()) };
        match value.get_ref() {
            DeValue::Array(items) => {
                items.iter().map(|item| Table::of(item, what, self.names)).collect()
            }
            other => Err(Problem::new(value.span(), format!("tables [[{key}]]"), describe(other))
                .hint(format!("each of them begins with [[{key}]], in double brackets"))),
        }
    }

    /// One table; none when it is absent.
    pub fn table(&self, key: &'static str, what: &'static str) -> Result<Option<Self>, Problem> {
        self.value(key).map(|value| Table::of(value, what, self.names)).transpose()
    }

    /// Every member's name with its place and value.
    pub fn members(&self) -> impl Iterator<Item = (&'a str, Range<usize>, &'a Value<'a>)> {
        self.members.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span(), value))
    }

    /// Refuses every member that nobody has asked for.
    pub fn end(&self) -> Result<(), Problem> {
        let known = self.known.borrow();
        match self.members().find(|(key, ..)| !known.contains(key)) {
            Some((key, span, _)) => {
                let expected = format!("a member of {}", self.what);
                Err(Problem::unknown(span, &expected, key, known.iter().copied()))
            }
            None => Ok(()),
        }
    }
}

/// A value in words.
pub fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("`{text}`"),
        DeValue::Integer(number) => format!("the number {}", number.as_str()),
        DeValue::Float(number) => format!("the number {}", number.as_str()),
        DeValue::Boolean(word) => word.to_string(),
        DeValue::Datetime(date) => format!("the date {date}"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
