//! `verify`: judges evidence offline. It opens the files named and the trust file, and nothing
//! else.
//!
//! What a request says that it is to do is held against the operation that it carries, which
//! only the keyspace's own crate can read: a file in which a write calls itself a read is refuted,
//! whatever its evidence proves.
//!
//! Every item is judged for itself, and then all signed facts of all files are compared with each
//! other: evidence may hold piece by piece and contradict itself as a whole.

use crate::arguments::Verify;
use crate::cluster::{self, ClusterFile, read_bytes, read_trust};
use crate::exit::{Exit, worse};
use crate::screen::{Format, Screen};
use crate::shown;
use avouch_promise::evidence::{EvidenceFile, Item, Judgement, Verdict, cross_check};
use avouch_promise::trust::Trust;
use avouch_promise::{Decode, Error, Request};
use avouch_state::{Operation, outcome_from_bytes};
use serde_json::{Value, json};
use std::path::Path;

/// How every evidence file begins.
const MAGIC: &[u8] = b"avouchEV";

/// A file as read.
struct Opened {
    label: String,
    file: Result<EvidenceFile, Error>,
}

pub(super) fn run(verify: &Verify, screen: &mut Screen) -> Result<Exit, Error> {
    let trust = match trust(verify) {
        Ok(trust) => trust,
        // A file that was named and cannot be used is an error; none at all is a missing input.
        Err(error) if verify.trust.is_some() || verify.cluster.is_some() => return Err(error),
        Err(_) => {
            let reason = "no trust file: name the cluster's with --trust FILE";
            verdict_line(Verdict::Unknown, reason, screen);
            return Ok(Exit::Verdict(Verdict::Unknown));
        }
    };
    let opened = verify.files.iter().map(|path| open(path)).collect::<Result<Vec<_>, _>>()?;
    let mut worst = Verdict::Holds;
    let mut items = Vec::new();
    for Opened { label, file } in &opened {
        match file {
            Ok(file) => {
                if file.items.is_empty() {
                    worst = worse(worst, Verdict::Unknown);
                    report(label, Verdict::Unknown, "it holds no item", screen, &mut items);
                }
                for (place, item) in file.items.iter().enumerate() {
                    let judgement = judge(item, &trust);
                    worst = worse(worst, judgement.verdict);
                    show(&format!("{label}#{place}"), item, &judgement, screen, &mut items);
                }
            }
            Err(error) => {
                worst = Verdict::Refuted;
                report(label, Verdict::Refuted, &error.to_string(), screen, &mut items);
            }
        }
    }
    let readable = |opened: &Opened| Some((opened.label.clone(), opened.file.clone().ok()?));
    let readable: Vec<_> = opened.iter().filter_map(readable).collect();
    let labelled: Vec<_> = readable.iter().map(|(label, file)| (label.as_str(), file)).collect();
    let forks = cross_check(&trust, &labelled);
    for fork in &forks {
        worst = Verdict::Refuted;
        if screen.format == Format::Text {
            screen.line(&fork.to_string());
        }
    }
    if screen.format == Format::Json {
        let forks: Vec<_> = forks.iter().map(ToString::to_string).collect();
        let cluster = trust.cluster().to_string();
        let told = json!({
            "verdict": worst.word(), "cluster": cluster, "items": items, "forks": forks,
        });
        screen.line(&told.to_string());
    }
    Ok(Exit::Verdict(worst))
}

fn trust(verify: &Verify) -> Result<Trust, Error> {
    if let Some(path) = &verify.trust {
        return read_trust(path);
    }
    let file = ClusterFile::read(&cluster::find(verify.cluster.as_deref())?)?;
    read_trust(&file.trust)
}

/// Reads a file. One that begins like evidence and cannot be read was cut or changed, which is a
/// verdict on it; any other file was named by mistake.
fn open(path: &Path) -> Result<Opened, Error> {
    let bytes = read_bytes(path, "an evidence file")?;
    let file = EvidenceFile::read(&bytes);
    match file {
        Err(error) if !bytes.starts_with(MAGIC) => Err(error),
        file => Ok(Opened { label: path.display().to_string(), file }),
    }
}

/// The judgement of an item, and of its operation against its request's intent.
fn judge(item: &Item, trust: &Trust) -> Judgement {
    let mut judgement = item.verify(trust);
    let Ok(request) = Request::from_bytes(&item.request) else { return judgement };
    let intent = Operation::from_bytes(&request.body).map(|operation| operation.intent());
    let (verdict, reason) = match intent {
        Ok(intent) if intent == request.intent => return judgement,
        Ok(intent) => {
            let reason = format!("the request says {}, its operation {intent}s", request.intent);
            (Verdict::Refuted, reason)
        }
        Err(error) => (Verdict::Unknown, format!("whether its operation reads or writes: {error}")),
    };
    if judgement.holds() {
        (judgement.verdict, judgement.reason) = (verdict, reason);
    }
    judgement
}

fn verdict_line(verdict: Verdict, reason: &str, screen: &mut Screen) {
    match screen.format {
        Format::Text => {
            let word = screen.paint(verdict, verdict.word());
            screen.line(&format!("{word}: {reason}"));
        }
        Format::Json => {
            screen.line(&json!({ "verdict": verdict.word(), "reason": reason }).to_string());
        }
    }
}

/// A file that has no items to judge.
fn report(
    label: &str,
    verdict: Verdict,
    reason: &str,
    screen: &mut Screen,
    items: &mut Vec<Value>,
) {
    if screen.format == Format::Text {
        let word = screen.paint(verdict, verdict.word());
        screen.line(&format!("{label}\n{word}: {reason}"));
    }
    items.push(json!({ "item": label, "verdict": verdict.word(), "reason": reason }));
}

fn show(
    label: &str,
    item: &Item,
    judgement: &Judgement,
    screen: &mut Screen,
    items: &mut Vec<Value>,
) {
    let said = said(item);
    if screen.format == Format::Json {
        let mut told = json!({ "item": label, "said": said });
        if let (Some(told), Value::Object(more)) = (told.as_object_mut(), judgement.to_json()) {
            told.extend(more);
        }
        items.push(told);
        return;
    }
    let text = judgement.to_string();
    let text = match text.split_once(':') {
        Some((word, rest)) => format!("{}:{rest}", screen.paint(judgement.verdict, word)),
        None => text,
    };
    screen.line(&format!("{label}  {said}\n{text}"));
}

/// Question and answer in a few words, as far as they can be read.
fn said(item: &Item) -> String {
    let asked = Request::from_bytes(&item.request).ok();
    let asked = asked.and_then(|request| Operation::from_bytes(&request.body).ok());
    let answered = outcome_from_bytes(&item.response).ok();
    let asked = asked.as_ref().map_or("a request".to_owned(), shown::operation);
    let answered = answered.as_ref().map_or("an answer".to_owned(), shown::outcome);
    format!("{asked} -> {answered}")
}
