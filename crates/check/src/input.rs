//! A file to judge: single operations, or transactions.

use crate::append::{self, Appends};
use crate::etcd;
use crate::history::notation::Notation;
use crate::history::workload::{self, Workload};
use crate::history::{
    self, History, Malformed, chronos, cobra, dbcop, dbcop_text, encoding, first_line, is_native,
    jepsen, jepsen_store, list_append, maps, plume, rw_register, text,
};
use crate::limits::{Budget, Exhausted, Limits};
use crate::memory::{self, Model};
use crate::object::{self, Objects};
use crate::progress::{self, Phase};
use crate::report::{Finding, Part, Report};
use crate::stamped::{self, Stamped};
use crate::transaction::{Level, Transactions};
use crate::{obligation, stream, transaction};
use avouch_promise::nearest::nearest;
use avouch_promise::{Blame, Error};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

/// Levels of transactions, each beside what it is of transactions that are one operation each.
const ALIKE: [(Level, Model); 4] = [
    (Level::StrictSerializable, Model::Linearizable),
    (Level::StrongSessionSerializable, Model::Sequential),
    (Level::Causal, Model::Causal),
    (Level::Prefix, Model::ConsistentPrefix),
];

/// The model of single operations that is nearest to a level.
fn of_operations(level: Level) -> Option<Model> {
    ALIKE.into_iter().find(|(one, _)| *one == level).map(|(_, model)| model)
}

/// The level of transactions that is nearest to a model.
fn of_transactions(model: Model) -> Option<Level> {
    ALIKE.into_iter().find(|(_, one)| *one == model).map(|(level, _)| level)
}

/// The name that stands for stdin.
pub(crate) const STDIN: &str = "-";

/// Reads files, as many bytes as the limits allow in all.
struct Reading {
    left: u64,
    limit: usize,
}

/// Why a file could not be read; of one that is not there, what is there by nearly its name.
pub fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    let blame = match error.kind() {
        ErrorKind::NotFound | ErrorKind::IsADirectory | ErrorKind::NotADirectory => Blame::Caller,
        _ => Blame::Environment,
    };
    let expected = format!("a readable history at {}", path.display());
    let told = Error::new(blame, expected, error.to_string());
    match error.kind() {
        ErrorKind::NotFound => match beside(path) {
            Some(near) => told.hint(format!("did you mean `{}`?", near.display())),
            None => told,
        },
        ErrorKind::IsADirectory => told.hint("name the history's file"),
        _ => told,
    }
}

/// What stands in the same folder by nearly the same name.
fn beside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let all = std::fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let names: Vec<String> =
        all.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    let near = nearest(name, names.iter().map(String::as_str))?;
    Some(path.with_file_name(near))
}

/// How many bytes a history has: its file's, or its files' in a folder; 0 of what is not there.
pub fn size(path: &Path) -> u64 {
    let of = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.len());
    if !path.is_dir() {
        return of(path);
    }
    let logs = cobra::logs(path).unwrap_or_default();
    let files = if logs.is_empty() { etcd::read::files(path).unwrap_or_default() } else { logs };
    files.iter().map(|file| of(file)).sum()
}

/// An error with the file that it is of.
fn placed(path: &Path, error: Error) -> Error {
    Error { expected: format!("{}: {}", path.display(), error.expected), ..error }
}

impl Reading {
    fn new(limits: &Limits) -> Self {
        Self { left: limits.memory_bytes as u64, limit: limits.memory_bytes }
    }

    /// What comes on stdin, to its end.
    fn stdin(&mut self) -> Result<Vec<u8>, Error> {
        progress::enter(Phase::Reading, 0);
        let (mut bytes, most) = (Vec::new(), self.left.saturating_add(1));
        let read = std::io::stdin().lock().take(most).read_to_end(&mut bytes);
        let size = read.map_err(|error| unreadable(Path::new(STDIN), &error))? as u64;
        self.take(size)?;
        Ok(bytes)
    }

    fn file(&mut self, path: &Path) -> Result<Vec<u8>, Error> {
        if path == Path::new(STDIN) {
            return self.stdin();
        }
        let size = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?.len();
        self.take(size)?;
        progress::enter(Phase::Reading, usize::try_from(size).unwrap_or(usize::MAX));
        std::fs::read(path).map_err(|error| unreadable(path, &error))
    }

    /// Takes room for so many bytes.
    fn take(&mut self, size: u64) -> Result<(), Error> {
        self.left = self.left.checked_sub(size).ok_or_else(|| {
            progress::meet(
                Exhausted::Memory(self.limit),
                format!("nothing was read of a history of {size} bytes"),
            );
            let expected = format!("a history of at most {} bytes", self.limit);
            Error::new(Blame::Caller, expected, format!("{size} bytes more than that leaves"))
                .hint("raise the memory bound, or judge a part of the history")
        })?;
        Ok(())
    }

    /// Several files, each with its name.
    fn files(&mut self, paths: &[PathBuf]) -> Result<Vec<(String, Vec<u8>)>, Error> {
        paths.iter().map(|path| Ok((path.display().to_string(), self.file(path)?))).collect()
    }
}

/// What a file holds.
#[derive(Clone, Debug)]
pub enum Input {
    /// Single operations, each with its guarantee.
    Calls(History),
    /// Transactions.
    Transactions(Transactions),
    /// Transactions that append to lists.
    Appends(Box<Appends>),
    /// Operations on one object.
    Objects(Objects),
    /// Transactions with the store's stamps.
    Stamped(Box<Stamped>),
    /// A run of etcd's robustness tests.
    Etcd(Box<etcd::Run>),
}

impl Input {
    /// Reads operations on one object, whatever they are.
    pub fn read_objects(path: &Path, limits: &Limits) -> Result<Objects, Error> {
        let bytes = Reading::new(limits).file(path)?;
        let placed = |error: Error| placed(path, error);
        let bytes = if stream::is_stream(&bytes) {
            stream::workload(&bytes, limits.memory_bytes).map_err(placed)?.into_bytes()
        } else if jepsen_store::is_start(&bytes) {
            jepsen_store::as_edn(&bytes).map_err(placed)?.into_bytes()
        } else {
            bytes
        };
        encoding::unpacked(&bytes).map_err(placed)?;
        if encoding::is_nothing(&bytes) {
            return Ok(Objects {
                format: history::nothing().format.to_owned(),
                ..Objects::new(Vec::new())
            });
        }
        let text = text(encoding::unmarked(&bytes)).map_err(Error::from).map_err(placed)?;
        let Some(notation) = jepsen::notation(text).filter(|_| !is_native(text)) else {
            let expected = format!("{}: Jepsen's events, as EDN or JSON", path.display());
            return Err(Error::new(Blame::Caller, expected, "another format"));
        };
        object::parse(text, notation).map_err(Error::from).map_err(placed)
    }

    /// Reads a file or folder in any format known, found by its content.
    pub fn read(path: &Path, limits: &Limits) -> Result<Self, Error> {
        let mut reading = Reading::new(limits);
        if path.is_dir() {
            return Self::folder(path, &mut reading);
        }
        let mut bytes = reading.file(path)?;
        if stream::is_stream(&bytes) {
            let parsed = stream::parse(&bytes, limits.memory_bytes);
            return parsed.map_err(|error| placed(path, error));
        }
        bytes.drain(..bytes.len() - encoding::unmarked(&bytes).len());
        let is_run = std::str::from_utf8(&bytes)
            .is_ok_and(|text| etcd::read::is_operations(text) || etcd::read::is_watch(text));
        if is_run {
            return match etcd::read::folder_of(path) {
                Some(folder) => Self::run(&folder, Some(path), &mut Reading::new(limits)),
                None => etcd::read::parse(&[(path.display().to_string(), bytes)])
                    .map(|run| Self::Etcd(Box::new(run))),
            };
        }
        Self::parse(&bytes).map_err(|error| placed(path, error))
    }

    /// The run of etcd's tests in a folder; `named` is what of it was asked for.
    fn run(folder: &Path, named: Option<&Path>, reading: &mut Reading) -> Result<Self, Error> {
        let files = etcd::read::files(folder).map_err(|error| unreadable(folder, &error))?;
        let is_part = files.len() > 1;
        let files = reading.files(&files)?;
        let named = named.filter(|_| is_part).map(|path| path.display().to_string());
        etcd::read::parse(&files).map(|run| Self::Etcd(Box::new(run.named(named))))
    }

    fn folder(path: &Path, reading: &mut Reading) -> Result<Self, Error> {
        let logs = cobra::logs(path).map_err(|error| unreadable(path, &error))?;
        if !logs.is_empty() {
            return cobra::parse(&reading.files(&logs)?).map(Self::Transactions);
        }
        if !etcd::read::files(path).map_err(|error| unreadable(path, &error))?.is_empty() {
            return match etcd::read::run_of(path) {
                Some(run) => Self::run(&run, Some(path), reading),
                None => Self::run(path, None, reading),
            };
        }
        let expected = format!(
            "a history, a folder of cobra's logs or one of a run of etcd's tests, at {}",
            path.display()
        );
        let got = "a folder without T0.log, T1.log, ... and without operations.json";
        Err(Error::new(Blame::Caller, expected, got).hint("name the history's file"))
    }

    /// Reads a history in any format known, found by its content.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        if stream::is_stream(bytes) {
            return stream::parse(bytes, Limits::default().memory_bytes);
        }
        if dbcop::is_start(bytes) {
            return dbcop::parse(bytes).map(Self::Transactions);
        }
        if jepsen_store::is_start(bytes) {
            return Self::parse(jepsen_store::as_edn(bytes)?.as_bytes());
        }
        encoding::unpacked(bytes)?;
        let bytes = encoding::unmarked(bytes);
        if encoding::is_nothing(bytes) {
            return Ok(Self::Calls(history::nothing()));
        }
        let text = text(bytes)?;
        if etcd::read::is_operations(text) || etcd::read::is_watch(text) {
            let files = [("the file".to_owned(), bytes.to_vec())];
            return etcd::read::parse(&files).map(|run| Self::Etcd(Box::new(run)));
        }
        if plume::is_line(first_line(text)) {
            return plume::parse(text).map(Self::Transactions);
        }
        if chronos::is_start(text) {
            return chronos::parse(text).map(|history| Self::Stamped(Box::new(history)));
        }
        if dbcop_text::is_json(text) {
            return dbcop_text::parse_json(text).map(Self::Transactions);
        }
        if dbcop_text::is_short(text) {
            return dbcop_text::parse_short(text).map(Self::Transactions);
        }
        match jepsen::notation(text).filter(|_| !is_native(text)) {
            Some(notation) => Self::events(text, notation),
            None => History::parse(bytes).map(Self::Calls),
        }
    }

    /// Reads Jepsen's events, whatever they are of.
    fn events(text: &str, notation: Notation) -> Result<Self, Error> {
        let found = match workload::of(text, notation) {
            Ok(Workload::ListAppend) => {
                let history = list_append::parse(text, notation)?;
                return Ok(Self::Appends(Box::new(history)));
            }
            Ok(Workload::Registers) => {
                return match rw_register::parse(text, notation) {
                    Ok(history) => Ok(Self::Transactions(history)),
                    // Transactions that read by predicate may begin like those of registers.
                    Err(error) => match object::parse(text, notation).ok() {
                        Some(objects) if objects.workload.is_some() => Ok(Self::Objects(objects)),
                        _ => Err(error),
                    },
                };
            }
            Ok(Workload::Other) => match maps::alone(text, notation) {
                Some(history) => return Ok(Self::Calls(history)),
                None => object::parse(text, notation),
            },
            Err(error) => Err(error),
        };
        match found {
            Ok(objects) if objects.workload.is_some() => Ok(Self::Objects(objects)),
            found => Self::calls(text, notation, found),
        }
    }

    /// Reads maps of a register or a store. What is wrong is told by the reader that fits: of maps
    /// if all functions are theirs, else by the one that came further.
    fn calls(
        text: &str,
        notation: Notation,
        found: Result<Objects, Malformed>,
    ) -> Result<Self, Error> {
        let error = match maps::parse(text, notation) {
            Ok(history) => return Ok(Self::Calls(history)),
            Err(error) => error,
        };
        let fits = || workload::are_all(text, notation, maps::has);
        Err(match (error, found) {
            (error, Ok(objects)) if fits() || objects.operations.is_empty() => error.into(),
            (error, Err(other)) => {
                let place = |error: &Malformed| (error.line, error.column);
                if fits() || place(&error) >= place(&other) { error.into() } else { other.into() }
            }
            (_, Ok(objects)) => objects.of_no_workload(),
        })
    }

    /// How many operations it has.
    fn operations(&self) -> usize {
        match self {
            Self::Calls(history) => history.calls.len(),
            Self::Transactions(history) => history.operations(),
            Self::Appends(history) => history.operations.len(),
            Self::Objects(objects) => objects.operations.len(),
            Self::Etcd(run) => run.operations.len(),
            Self::Stamped(history) => history.operations(),
        }
    }

    /// Judges it: operations by the guarantee of each, transactions by `level` or by every level.
    pub fn judge(&self, level: Option<Level>, limits: &Limits) -> Result<Report, Error> {
        progress::enter(Phase::Judging, self.operations());
        let report = self.judge_quietly(level, limits).map(Report::of_answered)?;
        // What comes after it (its objects) may not end in time.
        progress::draft(|| report.without_orders());
        Ok(report)
    }

    /// The same, as a part of something that tells how far it is.
    pub(crate) fn judge_quietly(
        &self,
        level: Option<Level>,
        limits: &Limits,
    ) -> Result<Report, Error> {
        match (self, level) {
            (Self::Calls(history), None) => Ok(obligation::judge(history, limits)),
            // Of no operations nobody knows whether they would have been transactions.
            (Self::Calls(history), Some(level)) if history.calls.is_empty() => {
                let finding = Finding::Holds { order: Vec::new(), checked: true };
                let part = Part { guarantee: level.to_string(), operations: 0, finding };
                Ok(Report::new(history, vec![part], &Budget::new(*limits)))
            }
            (Self::Calls(_), Some(level)) => {
                let expected = format!("transactions, to judge by {level}");
                let own = "each operation is judged by its own guarantee: leave the level out";
                let hint = match of_operations(level) {
                    Some(model) => format!("{own}, or judge all of them by --model {model}"),
                    None => own.to_owned(),
                };
                Err(Error::new(Blame::Caller, expected, "single operations").hint(hint))
            }
            (Self::Transactions(history), level) => Ok(transaction::judge(history, level, limits)),
            (Self::Objects(objects), None) => objects.judge(limits),
            (Self::Objects(objects), Some(level)) => objects.judge_by_level(level, limits),
            (Self::Etcd(run), None) => Ok(run.judge(limits)),
            (Self::Etcd(_), Some(level)) => {
                let expected = format!("transactions, to judge by {level}");
                Err(Error::new(Blame::Caller, expected, "a run of etcd's tests")
                    .hint("it is judged by linearizability: leave the level out"))
            }
            (Self::Appends(history), level) => Ok(append::judge(history, level, limits)),
            (Self::Stamped(history), level) => stamped::judge(history, level, limits),
        }
    }

    /// The same without the store's stamps, where it has some: by an order that may be any.
    ///
    /// # Errors
    /// `Caller` where values are written that no history without stamps can tell apart.
    pub fn without_stamps(self) -> Result<Self, Error> {
        match self {
            Self::Stamped(history) => history.without_stamps(),
            other => Ok(other),
        }
    }

    /// Judges single operations by one model.
    pub fn judge_by_model(&self, model: Model, limits: &Limits) -> Result<Report, Error> {
        progress::enter(Phase::Judging, self.operations());
        match self {
            Self::Calls(history) => Ok(memory::judge(history, model, limits).of_answered()),
            Self::Transactions(_) | Self::Appends(_) | Self::Stamped(_) => {
                let expected = format!("single operations, to judge by {model}");
                Err(Error::new(Blame::Caller, expected, "transactions").hint(
                    match of_transactions(model) {
                        Some(level) => format!(
                            "that is of single operations: name --level {level}, which is of \
                             transactions, or leave the model out"
                        ),
                        None => "name a level of transactions with --level, or leave the model out"
                            .to_owned(),
                    },
                ))
            }
            Self::Etcd(_) => {
                let expected = format!("gets and puts, to judge by {model}");
                Err(Error::new(Blame::Caller, expected, "a run of etcd's tests")
                    .hint("it is judged by linearizability: leave the model out"))
            }
            Self::Objects(_) => {
                let expected = format!("gets and puts, to judge by {model}");
                Err(Error::new(Blame::Caller, expected, "operations on one object")
                    .hint("name its kind, such as fifo-queue, or leave the model out"))
            }
        }
    }
}
