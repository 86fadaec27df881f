//! One operation from the command line to the cluster, and its answer to the screen.
//!
//! ```text
//! operation, terms -> can they be met? -> a place for the evidence -> whom to ask -> ask -> show
//!                     '------------- nothing is sent before all this is sure ------'
//! ```

use super::{answer, runtime};
use crate::arguments::Asked;
use crate::client::file::Keeper;
use crate::client::session::Session;
use crate::client::{Client, Failure, Reply, Terms};
use crate::cluster::choice::{Choice, Typed, choose};
use crate::exit::Exit;
use crate::node;
use crate::screen::{Format, Screen, error_json};
use crate::shown::{self, Bytes};
use avouch_promise::evidence::Verdict;
use avouch_promise::guarantee::Guarantee;
use avouch_promise::{Blame, Error};
use avouch_state::{Operation, TxnOperation, TxnRequest};
use avouch_store::host::node_folder;
use avouch_time::calendar;
use serde_json::{Value, json};
use std::path::Path;

/// Asks for `operation` and shows the answer.
pub(super) fn ask(
    operation: &Operation,
    asked: &Asked,
    bytes: Bytes,
    screen: &mut Screen,
) -> Result<Exit, Error> {
    can_be_met(operation, asked.guarantee)?;
    let keeper = asked.evidence.as_deref().map(Keeper::open).transpose()?;
    let session = asked.session.as_deref().map(Session::open).transpose()?;
    let choice = choose(&Typed {
        cluster: asked.cluster.as_deref(),
        endpoint: &asked.endpoint,
        trust: asked.trust.as_deref(),
        near: asked.near.as_deref(),
    })?;
    let trust = choice.trusted.as_ref().map(|trusted| trusted.trust.clone());
    let mut client = Client::new(trust, choice.endpoints.clone())?;
    let stamp = session.as_ref().and_then(Session::stamp);
    let terms = Terms { deadline: asked.deadline, stamp, ..Terms::new(asked.guarantee) };
    match runtime()?.block_on(client.ask(operation, &terms)) {
        Ok(reply) => {
            let mut end = show(operation, asked, &reply, (keeper, bytes), screen);
            if let Some(session) = session
                && let Err(error) = stamped(&session, &reply, screen)
            {
                if end == Exit::DONE {
                    end = Exit::Error(error.blame);
                }
                screen.tell(&error.hint("the answer above stands"));
            }
            if choice.trusted.is_none() {
                screen
                    .say("hint: name the cluster's trust file with --trust FILE to have it judged");
            }
            Ok(end)
        }
        Err(failure) => Ok(fail(operation, &choice, &failure, screen)),
    }
}

/// Refuses what no node would do, without asking one.
fn can_be_met(operation: &Operation, guarantee: Guarantee) -> Result<(), Error> {
    guarantee.require_served()?;
    if !operation.is_read_only() && guarantee != Guarantee::Linearizable {
        let got = format!("a write with `{guarantee}`");
        return Err(Error::new(Blame::Caller, "a write with `linearizable`", got)
            .hint("every write here is linearizable; only reads may ask for less"));
    }
    if has_empty_key(operation) {
        return Err(Error::new(Blame::Caller, "a key of at least one byte", "an empty one")
            .hint("every key: --prefix with an empty key"));
    }
    Ok(())
}

fn has_empty_key(operation: &Operation) -> bool {
    match operation {
        Operation::Range(range) => range.key.is_empty(),
        Operation::Put(put) => put.key.is_empty(),
        Operation::DeleteRange(delete) => delete.key.is_empty(),
        Operation::Txn(TxnRequest { compare, success, failure }) => {
            let in_step = |step: &TxnOperation| match step {
                TxnOperation::Range(range) => range.key.is_empty(),
                TxnOperation::Put(put) => put.key.is_empty(),
                TxnOperation::DeleteRange(delete) => delete.key.is_empty(),
                TxnOperation::Txn(_) | TxnOperation::Nothing => false,
            };
            compare.iter().any(|compare| compare.key.is_empty())
                || success.iter().chain(failure).any(in_step)
        }
        Operation::Compact(_) | Operation::Alarm(_) => false,
    }
}

/// Shows an answer and keeps its evidence. An answer that came is shown, whatever becomes of that.
fn show(
    operation: &Operation,
    asked: &Asked,
    reply: &Reply,
    (keeper, bytes): (Option<Keeper>, Bytes),
    screen: &mut Screen,
) -> Exit {
    let kept = match (keeper, &reply.item) {
        (Some(keeper), Some(item)) => Some(keeper.keep(item.clone())),
        _ => None,
    };
    let path = asked.evidence.as_deref().unwrap_or(Path::new(""));
    let verdict = reply.worth.verdict();
    let mut end = match (verdict, &reply.outcome) {
        (Verdict::Holds, Err(refused)) => Exit::Error(refused.blame()),
        _ => Exit::Verdict(verdict),
    };
    if screen.format == Format::Json {
        let kept = match &kept {
            None => Value::Null,
            Some(Ok(number)) => json!({ "file": path, "item": number }),
            Some(Err(error)) => error_json(error).into(),
        };
        let guarantee = asked.guarantee.to_string();
        screen.line(&answer::json(operation, &guarantee, reply, &kept).to_string());
    } else {
        answer::text(operation, reply, bytes, screen);
    }
    match kept {
        Some(Ok(number)) if screen.format == Format::Text => {
            screen.say(&format!("kept as item {number} of {}", path.display()));
        }
        Some(Err(error)) => {
            let done = if operation.is_read_only() {
                "the answer above stands"
            } else if reply.outcome.is_ok() && verdict == Verdict::Holds {
                "the write took effect"
            } else if reply.outcome.is_ok() {
                "the node says that the write took effect"
            } else {
                "the refusal above stands"
            };
            let hint = format!("{done}; its evidence could not be kept");
            screen.tell(&error.clone().hint(hint));
            if end == Exit::DONE {
                end = Exit::Error(error.blame);
            }
        }
        _ => {}
    }
    end
}

/// Keeps the stamp of an answer in its session, and shows it.
fn stamped(session: &Session, reply: &Reply, screen: &mut Screen) -> Result<(), Error> {
    let Some(stamp) = reply.stamp else {
        let got = format!("none from {}", reply.from.name());
        return Err(Error::new(Blame::Environment, "a stamp of the answer, to keep", got));
    };
    session.follow(stamp)?;
    if screen.format == Format::Text {
        screen.say(&format!("stamp {stamp} ({})", calendar::text(stamp.time())));
    }
    Ok(())
}

/// What is wrong where every node refused to be called.
fn nobody(choice: &Choice, error: &Error) -> Error {
    let Some(path) = &choice.file else { return error.clone() };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let real = |endpoint: &crate::cluster::Endpoint| {
        node_folder(folder, &endpoint.region).join(node::NAME).is_file()
    };
    let start = match choice.endpoints.first() {
        Some(first) if real(first) => {
            let config = node_folder(folder, &first.region).join(node::NAME);
            format!("start its nodes, as in `avouch serve --config {}`", config.display())
        }
        _ => format!("start it with `avouch up --data {}`", folder.display()),
    };
    let expected = format!("a node of the cluster in {}", path.display());
    let got = format!("none that listens: {}", error.got);
    Error::new(error.blame, expected, got).hint(format!("{start}, or name another with --cluster"))
}

/// No answer: an error, or, of a write that may have taken effect, the verdict that nobody knows.
fn fail(operation: &Operation, choice: &Choice, failure: &Failure, screen: &mut Screen) -> Exit {
    let attempts = failure.tried.len();
    let error = if failure.nobody { nobody(choice, &failure.error) } else { failure.error.clone() };
    if screen.format == Format::Json {
        let mut map = error_json(&error);
        map.insert("request".into(), shown::operation(operation).into());
        map.insert("write_fate_unknown".into(), failure.fate_unknown.into());
        map.insert("attempts".into(), attempts.into());
        if failure.fate_unknown {
            map.insert("verdict".into(), Verdict::Unknown.word().into());
        }
        screen.line(&Value::from(map).to_string());
    }
    screen.tell(&error);
    let mut told: Vec<String> = Vec::new();
    for (endpoint, error) in &failure.tried {
        let line = format!("{}: {}", endpoint.name(), error.got);
        if !told.contains(&line) {
            told.push(line);
        }
    }
    if told.len() > 1 {
        screen.say(&format!("{attempts} attempts: {}", told.join("; ")));
    }
    if failure.fate_unknown {
        let word = screen.paint_talk(Verdict::Unknown, Verdict::Unknown.word());
        screen.say(&format!("{word}: whether the write took effect, or still may, nobody said"));
        return Exit::Verdict(Verdict::Unknown);
    }
    Exit::Error(error.blame)
}
