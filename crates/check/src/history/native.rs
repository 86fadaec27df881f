//! Avouch's own histories, whose format `avouch_promise::history` defines: each call with its own
//! guarantee, and with the log point that its evidence names.

use super::History;
use super::event::{Event, Events, Kind};
use super::told::Telling;
use crate::model::key_value::KeyValue;
use avouch_promise::Error;
use avouch_promise::history::{Ending, HistoryReader, What, is_record};

/// How a file in this format begins; one whose header is missing is known by its first event, so
/// that just this is told.
pub(super) fn is_header(line: &str) -> bool {
    let is_header = line.starts_with('{') && line.contains("\"avouch_history\"");
    is_header || is_record(line.as_bytes())
}

/// Reads a history.
pub(super) fn parse(bytes: &[u8]) -> Result<History, Error> {
    let mut reader = HistoryReader::new(Telling::new(bytes))?;
    let mut events = Events::default();
    while let Some(record) = reader.next() {
        let record = record?;
        let kind = match record.what {
            What::Invoke(invocation) => Kind::Invoked(invocation.action, invocation.guarantee),
            What::Ok(answered) => {
                Kind::Answered(answered.outcome, answered.achieved, answered.point)
            }
            What::Fail { .. } => Kind::Failed,
            What::Info { point, .. } => Kind::Unknown(point),
        };
        let (process, time, line) = (record.process, Some(record.time), reader.line());
        events.add(Event { process, kind, time, line }, "")?;
    }
    let mut history = events.finish(KeyValue::default(), "avouch history");
    if let Some(Ending::Cut { line, bytes }) = reader.ending() {
        history.notes.push(format!(
            "line {line} is cut after {bytes} bytes and was left out: its writer was stopped"
        ));
    }
    Ok(history)
}
