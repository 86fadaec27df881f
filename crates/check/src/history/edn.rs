//! The little of Clojure's notation (EDN) that one line of a history needs: a map from keywords to
//! scalars or vectors of scalars.

use super::Malformed;
use std::collections::BTreeMap;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Nil,
    Integer(i64),
    Text(String),
    Keyword(String),
    Bool(bool),
    Vector(Vec<Value>),
}

/// A value and the offset at which it stands.
pub(super) type Placed = (usize, Value);

/// Vectors within vectors that are followed.
const DEPTH: usize = 8;

struct Reader<'a> {
    line: usize,
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn wrong(&self, expected: &str) -> Malformed {
        Malformed::at(self.line, self.text, self.at, expected)
    }

    /// Skips what EDN takes for white space: commas too.
    fn skip(&mut self) {
        let rest = self.rest();
        let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        self.at += rest.len() - trimmed.len();
    }

    fn take(&mut self, sign: char) -> bool {
        self.skip();
        let found = self.rest().starts_with(sign);
        self.at += if found { sign.len_utf8() } else { 0 };
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value, Malformed> {
        if self.take('"') {
            return self.text().map(Value::Text);
        }
        if self.take('[') {
            let mut items = Vec::new();
            while !self.take(']') {
                if depth == 0 {
                    return Err(self.wrong("fewer vectors within vectors"));
                }
                items.push(self.value(depth - 1)?);
            }
            return Ok(Value::Vector(items));
        }
        let ends = |c: char| c.is_whitespace() || ",]}[{\"".contains(c);
        let length = self.rest().find(ends).unwrap_or(self.rest().len());
        let word = &self.rest()[..length];
        let value = match word {
            "nil" => Value::Nil,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            word => match (word.strip_prefix(':'), word.parse()) {
                (Some(name), _) if !name.is_empty() => Value::Keyword(name.to_owned()),
                (_, Ok(integer)) => Value::Integer(integer),
                _ => return Err(self.wrong("a value")),
            },
        };
        self.at += length;
        Ok(value)
    }

    fn text(&mut self) -> Result<String, Malformed> {
        let mut text = String::new();
        loop {
            let mut signs = self.rest().chars();
            let Some(sign) = signs.next() else {
                return Err(self.wrong("the closing quote of a text"));
            };
            if sign == '"' {
                self.at += 1;
                return Ok(text);
            }
            if sign == '\\' {
                let meant = match signs.next() {
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some('r') => '\r',
                    Some(same @ ('"' | '\\')) => same,
                    _ => return Err(self.wrong("an escape: \\n, \\t, \\r, \\\" or \\\\")),
                };
                text.push(meant);
                self.at += 2;
            } else {
                text.push(sign);
                self.at += sign.len_utf8();
            }
        }
    }
}

/// Reads one line that is one map.
pub(super) fn map(line: usize, text: &str) -> Result<BTreeMap<String, Placed>, Malformed> {
    let mut reader = Reader { line, text, at: 0 };
    if !reader.take('{') {
        return Err(reader.wrong("a map: `{:process ...}`"));
    }
    let mut map = BTreeMap::new();
    while !reader.take('}') {
        let key_at = reader.at;
        let Value::Keyword(key) = reader.value(DEPTH)? else {
            return Err(Malformed::at(line, text, key_at, "a keyword"));
        };
        reader.skip();
        let at = reader.at;
        let value = reader.value(DEPTH)?;
        if map.insert(key, (at, value)).is_some() {
            return Err(Malformed::at(line, text, key_at, "a keyword that is not there yet"));
        }
    }
    reader.skip();
    if reader.rest().is_empty() { Ok(map) } else { Err(reader.wrong("the end of the line")) }
}
