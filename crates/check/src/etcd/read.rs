//! Reads the files of a run.
//!
//! ```text
//! {"ClientId":1,"Input":{"Type":"txn","Txn":{"Conditions":[{"Key":"a","ExpectedRevision":0}],
//!  "OperationsOnSuccess":[{"Type":"put-operation","Put":{"Key":"a","Value":{"Value":"1"}}}]}},
//!  "Call":5,"Output":{"Txn":{"Failure":false,"Results":[{}]},"Revision":2,"Error":""},"Return":9}
//! {"Request":{"Key":"","Revision":1,"WithPrefix":true},"Responses":[{"Events":[{"Type":
//!  "put-operation","Key":"a","Value":{"Value":"1"},"Revision":2,"IsCreate":true}],"Time":8}]}
//! ```
//!
//! Values follow each other without commas. Times are nanoseconds of one clock.

use super::run::{Act, Answer, Asked, Found, Got, Operation, Run, TxnFound, Watch, revision, time};
use crate::history::{Malformed, first_line, text};
use avouch_promise::{Blame, Error};
use serde::Deserialize;
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct RawAnswer {
    range: Option<Found>,
    txn: Option<TxnFound>,
    #[serde(deserialize_with = "revision")]
    revision: i64,
    partial_response: bool,
    client_error: String,
    error: String,
    persisted: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawOperation {
    client_id: u64,
    input: Asked,
    #[serde(deserialize_with = "time")]
    call: u64,
    output: RawAnswer,
    #[serde(rename = "Return", deserialize_with = "time")]
    returned: u64,
}

/// The names of the files.
const OPERATIONS: &str = "operations.json";
const WATCHES: &str = "watch.json";

/// Whether a text is one of the files.
pub(crate) fn is_operations(text: &str) -> bool {
    let line = first_line(text);
    line.starts_with('{') && line.contains("\"ClientId\"") && line.contains("\"Input\"")
}

/// Whether a text is one of a watch.
pub(crate) fn is_watch(text: &str) -> bool {
    let line = first_line(text);
    line.starts_with("{\"Request\"") && line.contains("\"Responses\"")
}

/// The folder of the run that a file is of: that of all clients, if its own is one client's.
pub(crate) fn folder_of(file: &Path) -> Option<PathBuf> {
    let name = file.file_name()?;
    if name != OPERATIONS && name != WATCHES {
        return None;
    }
    let own = match file.parent()? {
        here if here.as_os_str().is_empty() => Path::new("."),
        own => own,
    };
    Some(run_of(own).unwrap_or_else(|| own.to_owned()))
}

/// The folder of the run, if a folder is one client's and others stand beside it: alone, what one
/// client saw leaves open what the others wrote.
pub(crate) fn run_of(folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let is_client = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("client-"))
    };
    let run = folder.parent().filter(|_| is_client(&folder))?;
    let mut others = std::fs::read_dir(run).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let has_other = others.any(|path| path != folder && path.is_dir() && is_client(&path));
    has_other.then(|| run.to_owned())
}

/// The run's files in a folder: those in it, and those in the folders in it.
pub(crate) fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut folders = vec![folder.to_owned()];
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort_unstable();
    let names = |folder: PathBuf| [folder.join(OPERATIONS), folder.join(WATCHES)];
    Ok(folders.into_iter().flat_map(names).filter(|file| file.is_file()).collect())
}

/// The number in a client's folder's name.
fn client_of(file: &str) -> Option<u64> {
    let folder = Path::new(file).parent()?.file_name()?.to_str()?;
    folder.rsplit('-').next()?.parse().ok()
}

/// The values of a text one after another, each with its line.
fn values<T: for<'de> Deserialize<'de>>(
    text: &str,
    mut take: impl FnMut(T, usize) -> Result<(), String>,
) -> Result<(), Malformed> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<T>();
    let (mut counted, mut line) = (0, 1);
    loop {
        let blank = text.get(counted..).unwrap_or_default();
        let start = counted + (blank.len() - blank.trim_start().len());
        line += text.get(counted..start).unwrap_or_default().matches('\n').count();
        counted = start;
        let at = |line: usize, column: usize, expected: String| {
            let text = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
            let offset = column.saturating_sub(1).min(text.len());
            let offset = (0..=offset).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            Malformed::at(line, text, offset, expected)
        };
        match values.next() {
            None => return Ok(()),
            Some(Ok(value)) => take(value, line).map_err(|expected| at(line, 1, expected))?,
            Some(Err(error)) => {
                let told = error.to_string();
                let told = told.split(" at line ").next().unwrap_or_default();
                let expected = format!("an operation or a watch of etcd ({told})");
                return Err(at(error.line(), error.column(), expected));
            }
        }
        let end = values.byte_offset();
        line += text.get(counted..end).unwrap_or_default().matches('\n').count();
        counted = end;
    }
}

/// Reads a run from its files, each with its name.
pub(crate) fn parse(files: &[(String, Vec<u8>)]) -> Result<Run, Error> {
    let mut run = Run::default();
    let mut clients = std::collections::BTreeSet::new();
    for (name, bytes) in files {
        let placed =
            |error: Error| Error { expected: format!("{name}: {}", error.expected), ..error };
        let read = |run: &mut Run| -> Result<(), Malformed> {
            let text = text(bytes)?;
            if is_watch(text) {
                let client = client_of(name).unwrap_or(0);
                return values(text, |watch: Watch, line| {
                    run.watches.push(Watch { client, line, ..watch });
                    Ok(())
                });
            }
            values(text, |raw, line| run.add(raw, line))
        };
        read(&mut run).map_err(Error::from).map_err(placed)?;
        clients.insert(Path::new(name).parent().map(Path::to_owned));
    }
    run.clients = clients.len();
    if run.operations.is_empty() && run.watches.is_empty() {
        return Err(Error::new(Blame::Corrupt, "operations or watches of etcd", "none"));
    }
    run.operations.sort_by_key(|one| one.call);
    Ok(run)
}

impl Run {
    fn add(&mut self, raw: RawOperation, line: usize) -> Result<(), String> {
        let RawOperation { client_id, input, call, output, returned } = raw;
        if returned < call {
            return Err(format!("a Return that is not before its Call of {call}"));
        }
        if !output.client_error.is_empty() {
            self.refused += 1;
            return Ok(());
        }
        let is_known = output.error.is_empty() && !output.persisted;
        let got = match (&input, output.range, output.txn) {
            _ if !is_known => None,
            _ if output.partial_response => Some(Got::Done),
            (Asked::Range(_), Some(found), _) => Some(Got::Range(found)),
            (Asked::Txn(txn), _, Some(found)) => {
                let asked = txn.branch(found.failure).len();
                if found.results.len() != asked {
                    return Err(format!("{asked} results, one for each operation of the branch"));
                }
                for (act, result) in txn.branch(found.failure).iter().zip(&found.results) {
                    let (is_range, is_delete) =
                        (matches!(act, Act::Range { .. }), matches!(act, Act::Delete { .. }));
                    let shows = !result.entries.is_empty() || result.count != 0;
                    if (shows && !is_range) || (result.deleted != 0 && !is_delete) {
                        return Err("results of the operations of the branch".to_owned());
                    }
                }
                Some(Got::Txn(found))
            }
            (Asked::Other(_), ..) => Some(Got::Done),
            _ => return Err("an output of the type of the input, or an error".to_owned()),
        };
        let revision = (output.revision > 0).then_some(output.revision);
        self.operations.push(Operation {
            client: client_id,
            asked: input,
            returned: got.is_some().then_some(returned),
            answer: got.map(|got| Answer { revision, got }),
            call,
            line,
        });
        Ok(())
    }
}
