//! One operation from the command line to the cluster, and its answer to the screen: the value
//! first, then the verdict, the price, the evidence and what it assumes.

use super::{runtime, tell};
use crate::arguments::Asked;
use crate::client::file::keep;
use crate::client::{Client, Failure, Price, Reply, Terms, Worth};
use crate::cluster::{self, ClusterFile, Endpoint, read_trust};
use crate::exit::Exit;
use crate::node::host_and_port;
use crate::quantity::span_text;
use crate::screen::{Format, Screen};
use crate::shown;
use avouch_promise::Error;
use avouch_promise::evidence::Verdict;
use avouch_state::Operation;
use serde_json::{Map, Value, json};

/// The column at which the verdict stands beside a short value on a terminal.
const BESIDE: usize = 40;

/// Asks for `operation` and shows the answer.
pub(super) fn ask(
    operation: &Operation,
    asked: &Asked,
    screen: &mut Screen,
) -> Result<Exit, Error> {
    asked.guarantee.require_served()?;
    let mut client = client(asked)?;
    let terms = Terms { deadline: asked.deadline, ..Terms::new(asked.guarantee) };
    match runtime()?.block_on(client.ask(operation, &terms)) {
        Ok(reply) => show(operation, asked, &reply, screen),
        Err(failure) => Ok(fail(operation, &failure, screen)),
    }
}

fn client(asked: &Asked) -> Result<Client, Error> {
    let file = match asked.endpoint.as_slice() {
        [] => ClusterFile::read(&cluster::find(asked.cluster.as_deref())?)?,
        addresses => {
            let bare = |address: &String| {
                host_and_port(address)?;
                Ok(Endpoint { node: 0, region: String::new(), address: address.clone() })
            };
            let endpoints = addresses.iter().map(bare).collect::<Result<_, Error>>()?;
            let trust = asked.trust.as_deref().map(read_trust).transpose()?;
            return Client::new(trust, endpoints);
        }
    };
    let trust = read_trust(asked.trust.as_ref().unwrap_or(&file.trust))?;
    Client::new(Some(trust), file.nearest_first(asked.near.as_deref())?)
}

fn show(
    operation: &Operation,
    asked: &Asked,
    reply: &Reply,
    screen: &mut Screen,
) -> Result<Exit, Error> {
    let kept = match (&asked.evidence, &reply.item) {
        (Some(path), Some(item)) => Some((path, keep(path, item.clone())?)),
        _ => None,
    };
    match screen.format {
        Format::Json => screen.line(&to_json(operation, asked, reply).to_string()),
        Format::Text => {
            to_text(operation, reply, screen);
            if let Some((path, items)) = kept {
                let number = items - 1;
                screen.say(&format!("kept as item {number} of {}", path.display()));
            }
        }
    }
    let verdict = reply.worth.verdict();
    Ok(match (verdict, &reply.outcome) {
        (Verdict::Holds, Err(refused)) => Exit::Error(refused.blame()),
        _ => Exit::Verdict(verdict),
    })
}

fn to_text(operation: &Operation, reply: &Reply, screen: &mut Screen) {
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
    let word = screen.paint(verdict, verdict.word());
    let found = match &reply.outcome {
        Ok(avouch_state::Response::Range(range)) if range.count == 0 => ", there is no such key",
        _ => "",
    };
    let judged = format!("{word}: {reason}{found}");
    let data = shown::data(operation, &reply.outcome);
    match String::from_utf8(data) {
        // One short line: value and verdict stand beside each other.
        Ok(text) if screen.together && text.len() < BESIDE && text.lines().count() == 1 => {
            screen.data(format!("{:BESIDE$}", text.trim_end()).as_bytes());
        }
        Ok(text) => screen.data(text.as_bytes()),
        Err(other) => screen.data(other.as_bytes()),
    }
    screen.say(&judged);
    if let Err(refused) = &reply.outcome {
        tell(screen, &(*refused).into());
    }
    screen.say(&price(&reply.price, &reply.from));
    for (endpoint, error) in &reply.tried {
        screen.say(&format!("before that {} gave no answer: {}", endpoint.name(), error.got));
    }
    for line in facts.lines() {
        screen.say(line);
    }
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

fn to_json(operation: &Operation, asked: &Asked, reply: &Reply) -> Value {
    let judgement = match &reply.worth {
        Worth::Judged(judgement) => judgement.to_json(),
        Worth::Unjudged(reason) => json!({ "reason": reason }),
    };
    let elapsed = u64::try_from(reply.price.elapsed.as_nanos()).unwrap_or(u64::MAX);
    let tried = |(endpoint, error): &(Endpoint, Error)| json!({ "endpoint": endpoint.name(), "error": error.to_string() });
    json!({
        "request": shown::operation(operation),
        "guarantee": asked.guarantee.to_string(),
        "outcome": shown::json_outcome(&reply.outcome),
        "verdict": reply.worth.verdict().word(),
        "judgement": judgement,
        "price": { "hops": reply.price.hops, "elapsed_ns": elapsed },
        "answered_by": reply.from,
        "tried": reply.tried.iter().map(tried).collect::<Vec<_>>(),
    })
}

/// No answer: an error, or, of a write that may have taken effect, the verdict that nobody knows.
fn fail(operation: &Operation, failure: &Failure, screen: &mut Screen) -> Exit {
    let attempts = failure.tried.len();
    if screen.format == Format::Json {
        let mut map = Map::new();
        map.insert("request".into(), shown::operation(operation).into());
        map.insert("error".into(), failure.error.to_string().into());
        map.insert("write_fate_unknown".into(), failure.fate_unknown.into());
        map.insert("attempts".into(), attempts.into());
        screen.line(&Value::from(map).to_string());
    }
    tell(screen, &failure.error);
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
        let word = screen.paint(Verdict::Unknown, Verdict::Unknown.word());
        screen.say(&format!("{word}: whether the write took effect, or still may, nobody said"));
        return Exit::Verdict(Verdict::Unknown);
    }
    Exit::Error(failure.error.blame)
}
