//! `guarantees`: the whole product on one page, from the one table.

use crate::arguments::Guarantees;
use crate::exit::Exit;
use crate::screen::{Format, Screen};
use avouch_promise::Error;
use avouch_promise::guarantee::{Availability, Extent, Guarantee, Parameter, ROWS, Row};
use serde_json::{Value, json};
use std::fmt::Write as _;

pub(super) fn run(asked: &Guarantees, screen: &mut Screen) -> Result<Exit, Error> {
    let rows: Vec<&Row> = match &asked.name {
        Some(name) => named(name)?,
        None => ROWS.iter().collect(),
    };
    match (screen.format, &asked.name) {
        (Format::Json, _) => {
            let rows: Vec<Value> = rows.into_iter().map(to_json).collect();
            screen.line(&Value::from(rows).to_string());
        }
        (Format::Text, None) => screen.data(page().as_bytes()),
        (Format::Text, Some(_)) => {
            let told: Vec<_> = rows.into_iter().map(explain).collect();
            screen.data(told.join("\n").as_bytes());
        }
    }
    Ok(Exit::DONE)
}

/// The rows with this name: with a bound one, without a bound all that share it.
fn named(name: &str) -> Result<Vec<&'static Row>, Error> {
    let rows: Vec<_> = ROWS.iter().filter(|row| row.name == name).collect();
    if rows.is_empty() { Ok(vec![name.parse::<Guarantee>()?.row()]) } else { Ok(rows) }
}

fn availability(row: &Row) -> &'static str {
    match row.availability {
        Availability::Unavailable => "majority side only",
        Availability::Sticky => "same replica",
        Availability::Total => "any replica",
    }
}

fn extent(row: &Row) -> &'static str {
    match row.extent {
        Extent::Object => "object",
        Extent::Session => "session",
        Extent::Keyspace => "keyspace",
        Extent::Transaction => "transaction",
    }
}

/// What the others read: `*` where nodes answer it in this version.
fn page() -> String {
    let width = ROWS.iter().map(|row| row.usage().len()).max().unwrap_or(0);
    let mut page = format!(
        "  {:width$}  {:11}  {:18}  {}\n",
        "guarantee", "scope", "in a partition", "evidence"
    );
    for row in &ROWS {
        let mark = if row.served_now { '*' } else { ' ' };
        let kinds: Vec<_> = row.evidence.iter().map(|kind| kind.name()).collect();
        let (usage, scope, available) = (row.usage(), extent(row), availability(row));
        let kinds = kinds.join(", ");
        // Writing to a string cannot fail.
        let _ = writeln!(page, "{mark} {usage:width$}  {scope:11}  {available:18}  {kinds}");
    }
    page.push_str("\n* served in this version; `avouch guarantees NAME` explains one\n");
    page
}

fn explain(row: &Row) -> String {
    let list = |names: Vec<String>| if names.is_empty() { "-".into() } else { names.join(", ") };
    let kinds = row.evidence.iter().map(|kind| {
        let later = if kind.is_verified() { "" } else { " (not yet)" };
        format!("{}{later}", kind.name())
    });
    let bound = match row.parameter {
        Parameter::None => "",
        Parameter::Time => " (TIME as in 500ms or 2s)",
        Parameter::Versions => " (COUNT versions, as in 5v)",
    };
    let served = if row.served_now { "yes" } else { "not in this version" };
    format!(
        "{}{bound}\n  {}\n  scope           {}\n  implies         {}\n  in a partition  {}\n  evidence        {}\n  price           {}\n  served          {served}\n",
        row.usage(),
        row.obligation,
        extent(row),
        list(row.implied().map(Row::usage).collect()),
        availability(row),
        list(kinds.collect()),
        row.price,
    )
}

fn to_json(row: &Row) -> Value {
    json!({
        "name": row.name,
        "usage": row.usage(),
        "obligation": row.obligation,
        "scope": extent(row),
        "implies": row.implied().map(Row::usage).collect::<Vec<_>>(),
        "in_a_partition": availability(row),
        "evidence": row.evidence.iter().map(|kind| kind.name()).collect::<Vec<_>>(),
        "price": row.price,
        "served": row.served_now,
    })
}
