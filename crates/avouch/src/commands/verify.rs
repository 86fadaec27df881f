//! `verify`: judges evidence offline. It opens the files named and the trust file of the cluster
//! that the evidence names, and nothing else.
//!
//! What a request says that it is to do is held against the operation that it carries, which
//! only the keyspace's own crate can read: a file in which a write calls itself a read is refuted,
//! whatever its evidence proves.
//!
//! Every item is judged for itself, and then all signed facts of all files are compared with each
//! other: evidence may hold piece by piece and contradict itself as a whole. Evidence of a cluster
//! whose trust file is not here is unknown, never refuted. A file that cannot be read as evidence
//! is corrupt data, however it came to be so: there is nothing in it to judge.

use super::verdicts::Verdicts;
use crate::arguments::Verify;
use crate::cluster::choice::{Trusted, Trusts};
use crate::cluster::read_bytes;
use crate::embedded;
use crate::exit::Exit;
use crate::screen::Screen;
use crate::shown;
use avouch_promise::evidence::{EvidenceFile, Item, Judgement, Verdict, cross_check};
use avouch_promise::trust::Trust;
use avouch_promise::{Blame, ClusterId, Decode, Error, Request};
use avouch_state::{Operation, outcome_from_bytes};
use std::path::Path;

/// A file as read.
struct Opened {
    label: String,
    file: Result<EvidenceFile, Error>,
}

pub(super) fn run(verify: &Verify, screen: &mut Screen) -> Result<Exit, Error> {
    let mut trusts = Trusts::choose(verify.trust.as_deref(), verify.cluster.as_deref())?;
    let opened = verify.files.iter().map(|path| open(path)).collect::<Result<Vec<_>, _>>()?;
    let mut verdicts = Verdicts::new(screen);
    if opened.iter().all(|opened| nothing_to_judge_with(opened, &mut trusts)) {
        return Ok(verdicts.none(NO_TRUST));
    }
    for Opened { label, file } in &opened {
        match file {
            Ok(file) if file.items.is_empty() => {
                verdicts.without_judgement(label, "", "it holds no item");
            }
            Ok(file) => {
                for (place, item) in file.items.iter().enumerate() {
                    judge(&format!("{label}#{place}"), item, &mut trusts, &mut verdicts);
                }
            }
            Err(error) => verdicts.unreadable(label, error),
        }
    }
    let readable = |opened: &Opened| Some((opened.label.clone(), opened.file.clone().ok()?));
    let readable: Vec<_> = opened.iter().filter_map(readable).collect();
    let labelled: Vec<_> = readable.iter().map(|(label, file)| (label.as_str(), file)).collect();
    for Trusted { trust, .. } in trusts.all() {
        verdicts.forks(&cross_check(trust, &labelled));
    }
    Ok(verdicts.end(trusts.first.as_ref()))
}

/// Whether no trust file is here for any item of a file.
fn nothing_to_judge_with(opened: &Opened, trusts: &mut Trusts) -> bool {
    let Ok(file) = &opened.file else { return false };
    let none = trusts.first.is_none();
    let known = |item: &Item| named(item).is_some_and(|cluster| trusts.of(cluster).is_some());
    none && !file.items.iter().any(known)
}

/// The cluster that an item's request is for.
fn named(item: &Item) -> Option<ClusterId> {
    Request::from_bytes(&item.request).ok().map(|request| request.cluster)
}

/// Judges one item with the trust file of the cluster that its request names.
fn judge(label: &str, item: &Item, trusts: &mut Trusts, verdicts: &mut Verdicts<'_>) {
    let said = said(item);
    let first = trusts.first.as_ref().map(|first| first.trust.cluster());
    let Some(cluster) = named(item).or(first) else {
        return verdicts.without_judgement(label, &said, NO_TRUST);
    };
    if let Some(trusted) = trusts.of(cluster) {
        verdicts.judged(label, &said, &judgement(item, &trusted.trust), trusted);
    } else {
        verdicts.without_judgement(label, &said, &foreign(cluster, trusts.first.as_ref()));
    }
}

/// The judgement of an item, and of its operation against its request's intent.
fn judgement(item: &Item, trust: &Trust) -> Judgement {
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

const NO_TRUST: &str = "no trust file: name the cluster's with --trust FILE";

fn foreign(cluster: ClusterId, first: Option<&Trusted>) -> String {
    let Some(Trusted { path, trust }) = first else {
        return format!("{NO_TRUST} (the evidence is of cluster {cluster})");
    };
    let (path, other) = (embedded::shown(path), trust.cluster());
    format!(
        "the evidence is of cluster {cluster}, and the trust file {path} of cluster {other}: name \
         the right one with --trust FILE"
    )
}

/// Reads a file; one that is there and is no evidence is corrupt.
fn open(path: &Path) -> Result<Opened, Error> {
    let bytes = read_bytes(path, "an evidence file")?;
    let file = EvidenceFile::read(&bytes);
    let file = file.map_err(|error| Error { blame: Blame::Corrupt, ..error });
    Ok(Opened { label: path.display().to_string(), file })
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
