//! What a node takes its time from, as its configuration says: `clock-bound`, or a table `[clock]`.

use crate::quantity;
use avouch_promise::{Blame, Error};
use avouch_store::clock::Source;
use avouch_store::clock::address::{NTS, distinct};
use avouch_store::clock::chronyd::Door;
use avouch_store::clock::nts::Trust;
use avouch_store::clock::source::{DRIFT, POLL};
use avouch_time::interval::Drift;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The table `[clock]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Table {
    sources: Option<Vec<String>>,
    authority: Option<PathBuf>,
    segment: Option<PathBuf>,
    chrony: Option<String>,
    drift: Option<String>,
    poll: Option<String>,
}

/// The members of the table, for hints.
pub(crate) const MEMBERS: [&str; 6] =
    ["sources", "authority", "segment", "chrony", "drift", "poll"];

/// The source that a configuration names; an error comes with the member that it is about.
pub(crate) fn source(
    bound: Option<&str>,
    table: Option<&Table>,
) -> Result<Source, (&'static str, Error)> {
    let one = "one source of time: `clock-bound`, or in [clock] `sources`, `segment` or `chrony`";
    let several = |member, got: &str| {
        let error = Error::new(Blame::Caller, one, got);
        (member, error.hint("leave only the one that this node is to believe"))
    };
    match (bound, table) {
        (None, None) => Ok(Source::Nothing),
        (Some(_), Some(_)) => Err(several("clock-bound", "`clock-bound` beside a table [clock]")),
        (Some(bound), None) => {
            let bound = quantity::span(bound).map_err(|error| ("clock-bound", error))?;
            Ok(Source::Stated(quantity::nanos(bound)))
        }
        (None, Some(table)) => match (&table.sources, &table.segment, &table.chrony) {
            (Some(names), None, None) => servers(names, table),
            (None, Some(path), None) => match (&table.drift, &table.poll) {
                (None, None) => Ok(Source::Segment(path.clone())),
                (Some(_), _) => {
                    Err(several("drift", "`drift` beside `segment`, which tells its own"))
                }
                (None, Some(_)) => {
                    Err(several("poll", "`poll` beside `segment`, which is read always"))
                }
            },
            (None, None, Some(door)) => Ok(Source::Chrony {
                door: Door::of(door).map_err(|error| ("chrony", error))?,
                drift: drift(table)?,
                poll: poll(table)?,
            }),
            (None, None, None) => Err(several("[clock]", "a table [clock] without any")),
            _ => Err(several("[clock]", "more than one in [clock]")),
        },
    }
}

fn servers(names: &[String], table: &Table) -> Result<Source, (&'static str, Error)> {
    if names.is_empty() {
        let error = Error::new(Blame::Caller, "at least one NTP server", "none");
        return Err((
            "sources",
            error.hint("for example [\"time.example.org\"]; three outvote a liar"),
        ));
    }
    distinct(names).map_err(|error| ("sources", error))?;
    let trust = trust(names, table.authority.as_deref()).map_err(|error| ("authority", error))?;
    Ok(Source::Servers { names: names.to_vec(), trust, drift: drift(table)?, poll: poll(table)? })
}

/// Who is believed when servers vouch for their time, where one does.
pub(crate) fn trust(names: &[String], file: Option<&Path>) -> Result<Option<Trust>, Error> {
    match (names.iter().any(|name| name.starts_with(NTS)), file) {
        (true, file) => Trust::new(file).map(Some),
        (false, None) => Ok(None),
        (false, Some(path)) => {
            let got = format!("{}, and none is", path.display());
            Err(Error::new(Blame::Caller, "an authority where a source is asked under NTS", got)
                .hint("name such a source nts://HOST, or leave the authority out"))
        }
    }
}

fn poll(table: &Table) -> Result<Duration, (&'static str, Error)> {
    table.poll.as_deref().map_or(Ok(POLL), quantity::span).map_err(|error| ("poll", error))
}

fn drift(table: &Table) -> Result<Drift, (&'static str, Error)> {
    let Some(text) = &table.drift else { return Ok(DRIFT) };
    let number = text.strip_suffix("ppm").and_then(|number| number.trim().parse::<f64>().ok());
    let parts = number.map(|ppm| ppm * 1e3).filter(|parts| (1.0..=1e6).contains(parts));
    #[expect(clippy::cast_sign_loss, reason = "it is in its range")]
    parts.map(|parts| Drift::ppb(parts.ceil() as u32)).ok_or_else(|| {
        let error = Error::new(Blame::Caller, "0.001ppm to 1000ppm", format!("`{text}`"));
        let hint =
            "an oscillator of a server is within 50ppm or so; 15ppm is what RFC 5905 assumes";
        ("drift", error.hint(hint))
    })
}
