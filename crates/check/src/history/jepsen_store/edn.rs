//! An operation as one line of EDN.

use super::fressian::Value;
use std::fmt::Write as _;

/// The fields of an operation that a reader may need; what else there is may be of any type.
const NEEDED: [&str; 6] = ["type", "process", "f", "value", "key", "rebalance-log"];

/// Writes an operation; what cannot be written is an error in words.
pub(super) fn operation(value: &Value, text: &mut String) -> Result<(), String> {
    let Value::Map(entries) = value else { return Err("no map".to_owned()) };
    text.push('{');
    for (key, value) in entries {
        let Value::Keyword(None, name) = key else { continue };
        match (&**name, value) {
            // An operation without a time or index has -1.
            ("time" | "index", Value::Int(..=-1)) => {}
            (name, value) if NEEDED.contains(&name) || value_is_number(name, value) => {
                write_value(key, text)?;
                text.push(' ');
                write_value(value, text)?;
                text.push_str(", ");
            }
            _ => {}
        }
    }
    text.push('}');
    Ok(())
}

fn value_is_number(name: &str, value: &Value) -> bool {
    matches!((name, value), ("time" | "index", Value::Int(_)))
}

fn write_value(value: &Value, text: &mut String) -> Result<(), String> {
    match value {
        Value::Nil => text.push_str("nil"),
        Value::Bool(is) => text.push_str(if *is { "true" } else { "false" }),
        Value::Int(number) => {
            let _ = write!(text, "{number}");
        }
        Value::Big(bytes) => {
            let _ = write!(text, "{}", big(bytes).ok_or("a number of more than 16 bytes")?);
        }
        Value::Float(number) => {
            if !number.is_finite() {
                return Err(format!("the number {number}"));
            }
            let _ = write!(text, "{number:?}");
        }
        Value::Text(content) => {
            text.push('"');
            for sign in content.chars() {
                match sign {
                    '"' => text.push_str("\\\""),
                    '\\' => text.push_str("\\\\"),
                    '\n' => text.push_str("\\n"),
                    '\r' => text.push_str("\\r"),
                    '\t' => text.push_str("\\t"),
                    sign => text.push(sign),
                }
            }
            text.push('"');
        }
        Value::Char(sign) if sign.is_alphanumeric() => {
            text.push('\\');
            text.push(*sign);
        }
        Value::Keyword(space, name) => {
            text.push(':');
            word(space.as_deref(), name, text)?;
        }
        Value::Symbol(space, name) => word(space.as_deref(), name, text)?,
        Value::List(all) => {
            text.push('[');
            list(all, text)?;
            text.push(']');
        }
        Value::Set(all) => {
            text.push_str("#{");
            list(all, text)?;
            text.push('}');
        }
        Value::Map(all) => {
            text.push('{');
            for (key, value) in all {
                write_value(key, text)?;
                text.push(' ');
                write_value(value, text)?;
                text.push(' ');
            }
            text.push('}');
        }
        Value::Char(sign) => return Err(format!("the character {sign:?}")),
        Value::Bytes(_) => return Err("bytes".to_owned()),
        Value::Tagged(tag, _) => return Err(format!("a value of the type {tag}")),
    }
    Ok(())
}

fn list(all: &[Value], text: &mut String) -> Result<(), String> {
    for (place, value) in all.iter().enumerate() {
        if place > 0 {
            text.push(' ');
        }
        write_value(value, text)?;
    }
    Ok(())
}

/// A name that stands as it is.
fn word(space: Option<&str>, name: &str, text: &mut String) -> Result<(), String> {
    let is_plain = |part: &str| {
        let plain = |sign: char| sign.is_alphanumeric() || "*+!-_?$%&=<>.'#:/".contains(sign);
        !part.is_empty() && part.chars().all(plain)
    };
    if !space.is_none_or(is_plain) || !is_plain(name) {
        return Err(format!("the name {name:?}"));
    }
    if let Some(space) = space {
        text.push_str(space);
        text.push('/');
    }
    text.push_str(name);
    Ok(())
}

/// A number of at most 16 bytes; as EDN has it, one beyond 64 bits is marked.
fn big(bytes: &[u8]) -> Option<String> {
    if bytes.is_empty() || bytes.len() > 16 {
        return None;
    }
    let start = if bytes[0] & 0x80 == 0 { 0_i128 } else { -1 };
    let number = bytes.iter().fold(start, |number, byte| number << 8 | i128::from(*byte));
    let mark = if i64::try_from(number).is_ok() { "" } else { "N" };
    Some(format!("{number}{mark}"))
}
