//! An answer on the screen: the value first, then the verdict, the price, the evidence and what it
//! assumes. Of an operation that the store refused, the refusal first: its evidence shows no more
//! than that it was refused.

use crate::client::{Price, Reply, Worth};
use crate::cluster::Endpoint;
use crate::quantity::span_text;
use crate::screen::{Screen, error_json};
use crate::shown::{self, Bytes};
use avouch_promise::Error;
use avouch_promise::guarantee::Guarantee;
use avouch_state::{Operation, Response};
use serde_json::{Value, json};

pub(super) fn text(operation: &Operation, reply: &Reply, bytes: Bytes, screen: &mut Screen) {
    let verdict = reply.worth.verdict();
    let (reason, facts) = match &reply.worth {
        Worth::Judged(judgement) => {
            let text = judgement.to_string();
            let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
            let reason = first.split_once(": ").map_or(first, |(_, reason)| reason);
            (reason.to_owned(), rest.to_owned())
        }
        Worth::Unjudged(reason) => (reason.clone(), String::new()),
    };
    screen.data(&shown::data(operation, &reply.outcome, bytes));
    if let Err(refused) = &reply.outcome {
        screen.tell(&(*refused).into());
    }
    let about = match &reply.outcome {
        Err(_) => " (that it was refused)".to_owned(),
        Ok(Response::Range(range)) if range.count == 0 && may_be_old(&reply.worth) => {
            ", there is no such key in the state that was read, which may be an older one"
                .to_owned()
        }
        Ok(Response::Range(range)) if range.count == 0 => ", there is no such key".to_owned(),
        Ok(Response::Range(range)) if range.more => {
            let (shown, all) = (range.kvs.len(), range.count);
            format!(", {shown} of {all} keys: a larger --limit shows more")
        }
        _ => String::new(),
    };
    let word = screen.paint_talk(verdict, verdict.word());
    screen.say(&format!("{word}: {reason}{about}"));
    screen.say(&price(&reply.price, &reply.from));
    for (endpoint, error) in &reply.tried {
        screen.say(&format!("before that {} gave no answer: {}", endpoint.name(), error.got));
    }
    for line in facts.lines() {
        screen.say(line);
    }
}

/// Whether less than the newest state was asked for, as far as evidence tells.
fn may_be_old(worth: &Worth) -> bool {
    let Worth::Judged(judgement) = worth else { return true };
    judgement.asked.is_some_and(|asked| asked != Guarantee::Linearizable)
}

fn price(price: &Price, from: &Endpoint) -> String {
    let elapsed = span_text(price.elapsed);
    let hops = match price.hops {
        Some(1) => "1 wide-area hop".to_owned(),
        Some(hops) => format!("{hops} wide-area hops"),
        None => "unknown hops".to_owned(),
    };
    format!("price {hops} ({elapsed}), answered by {}", from.name())
}

/// The same for programs; `kept` says where its evidence is. With a refusal, `error` says by whose
/// blame the command ends, and `verdict` what the evidence of that refusal is worth.
pub(super) fn json(operation: &Operation, guarantee: &str, reply: &Reply, kept: &Value) -> Value {
    let judgement = match &reply.worth {
        Worth::Judged(judgement) => judgement.to_json(),
        Worth::Unjudged(reason) => json!({ "reason": reason }),
    };
    let elapsed = crate::quantity::nanos(reply.price.elapsed).0;
    let tried = |(endpoint, error): &(Endpoint, Error)| json!({ "endpoint": endpoint.name(), "error": error.to_string() });
    let mut told = json!({
        "request": shown::operation(operation),
        "guarantee": guarantee,
        "outcome": shown::json_outcome(&reply.outcome),
        "verdict": reply.worth.verdict().word(),
        "judgement": judgement,
        "price": { "hops": reply.price.hops, "elapsed_ns": elapsed },
        "stamp": reply.stamp.map(|stamp| stamp.to_string()),
        "answered_by": reply.from,
        "tried": reply.tried.iter().map(tried).collect::<Vec<_>>(),
        "kept": kept,
    });
    if let (Some(told), Err(refused)) = (told.as_object_mut(), &reply.outcome) {
        told.extend(error_json(&(*refused).into()));
    }
    told
}
