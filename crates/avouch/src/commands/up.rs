//! `up`: a cluster of regions in this process, and a first session to type.
//!
//! It is ready when a first read was answered with evidence that holds. Until then it says so and
//! serves what can be served: what needs no leader is answered without one.

use super::running::{Stop, watch};
use super::runtime;
use crate::arguments::{Switch, Up};
use crate::cluster::{choice, known};
use crate::embedded::{self, Embedded, Plan};
use crate::exit::Exit;
use crate::quantity::{counted, span_text};
use crate::screen::{Format, Screen, error_json};
use crate::shell;
use avouch_promise::Error;
use avouch_store::host::Host;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// How long the first answer may take before that is told.
const FIRST: Duration = Duration::from_secs(10);
/// How long to wait before the next first read.
const AGAIN: Duration = Duration::from_secs(1);

pub(super) fn run(up: &Up, screen: &mut Screen) -> Result<Exit, Error> {
    let start = Instant::now();
    let delays = up.delay == Switch::On;
    let regions = embedded::regions(&up.regions)?;
    let plan = Plan { data: up.data.clone(), regions, delays, port: up.port };
    let runtime = runtime()?;
    let mut stop = runtime.block_on(async { Stop::catch() })?;
    let cluster = Embedded::start(&plan, |config| config.recording = up.record.into())?;
    if screen.format == Format::Text {
        introduce(&cluster, &plan, screen);
    }
    if let Some(folder) = &cluster.restored {
        let folder = embedded::shown(folder);
        screen.say(&format!("the trust file was missing and is restored from {folder}"));
    }
    let bare = which(&cluster, screen);
    runtime.block_on(async {
        let ready = tokio::select! {
            ready = first(&cluster, screen) => ready,
            () = stop.asked() => return,
        };
        if ready {
            tell_ready(&cluster, start.elapsed(), &bare, screen);
        }
        watch(&cluster.hosts, &mut stop, screen).await;
    });
    cluster.stop()?;
    screen.say("stopped; every acknowledged write is on disk");
    Ok(Exit::DONE)
}

/// Waits for the first answer that holds, and tells when there is none; false when a node ended.
async fn first(cluster: &Embedded, screen: &mut Screen) -> bool {
    let mut told = false;
    loop {
        let Err(error) = cluster.first_answer(FIRST).await else { return true };
        if !std::mem::replace(&mut told, true) {
            tell_unready(cluster, &error, screen);
        }
        for host in &cluster.hosts {
            for note in host.handle().take_notes() {
                screen.say(&format!("{}: {note}", host.identity().node));
            }
        }
        if !cluster.hosts.iter().all(Host::is_running) {
            return false;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Remembers the cluster for commands that name none, and says what those use; what must be typed
/// to mean this one.
fn which(cluster: &Embedded, screen: &mut Screen) -> String {
    let named = format!(" --cluster {}", quoted(&cluster.path));
    if let Err(error) = known::remember(&cluster.file, &cluster.path) {
        let hint = format!("commands find this cluster only with{named}");
        screen.tell(&Error { hint, ..error });
        return named;
    }
    if let Some(other) = choice::named_by_environment() {
        let this = crate::cluster::within(&other, crate::cluster::NAME).canonicalize().ok();
        if this.is_none() || this != cluster.path.canonicalize().ok() {
            let (variable, other) = (choice::VARIABLE, other.display());
            screen.say(&format!("{variable} is {other}: to ask this cluster, name it with{named}"));
            return named;
        }
    }
    screen.say("commands that name no cluster use this one, the last that was started");
    String::new()
}

/// A path from anywhere, as a shell takes it.
fn quoted(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned()).display().to_string();
    shell::word(&whole)
}

fn introduce(cluster: &Embedded, plan: &Plan, screen: &mut Screen) {
    let regions = counted(cluster.hosts.len(), "region");
    let delays = if plan.delays {
        "with the delays measured between these AWS regions"
    } else {
        "without delays between them"
    };
    let data = embedded::shown(&plan.data);
    screen.line(&format!("{regions} in one process, {delays}; data in {data}"));
    for endpoint in &cluster.file.endpoints {
        screen.line(&format!(
            "  {:<16} n{}  http://{}",
            endpoint.region, endpoint.node, endpoint.address
        ));
    }
    let trust = embedded::shown(&cluster.file.trust);
    screen.line(&format!("trust file {trust}, all that verifying needs besides the evidence"));
}

/// What programs are told of the cluster, once it is ready or late.
fn json_of(cluster: &Embedded, ready: bool) -> Value {
    json!({
        "cluster": cluster.file.cluster, "trust": cluster.file.trust,
        "cluster_file": cluster.path, "endpoints": cluster.file.endpoints,
        "election_period_ns": cluster.election.0, "ready": ready,
    })
}

fn tell_unready(cluster: &Embedded, error: &Error, screen: &mut Screen) {
    if screen.format == Format::Json {
        let mut told = json_of(cluster, false);
        if let Some(told) = told.as_object_mut() {
            told.extend(error_json(error));
        }
        screen.line(&told.to_string());
    }
    screen.tell(error);
    screen.say(
        "not ready, maybe for want of a leader: it goes on trying; reads with weaker guarantees \
         are served meanwhile",
    );
}

fn tell_ready(cluster: &Embedded, took: Duration, bare: &str, screen: &mut Screen) {
    if screen.format == Format::Json {
        let mut told = json_of(cluster, true);
        if let Some(told) = told.as_object_mut() {
            let ready_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            told.insert("ready_ms".to_owned(), ready_ms.into());
        }
        return screen.line(&told.to_string());
    }
    let period = cluster.election;
    screen.line(&format!(
        "ready in {}: a first read was answered and its evidence holds (election period {period})",
        span_text(took)
    ));
    let program = std::env::args().next().unwrap_or_else(|| "avouch".to_owned());
    let last = cluster.file.endpoints.last();
    let (far, url) = last.map_or(("", ""), |e| (e.region.as_str(), e.address.as_str()));
    let near = cluster.file.endpoints.get(2).or(last).map_or("", |e| e.region.as_str());
    screen.line(&format!(
        "\nA first session, in another terminal:\n\
         \x20 {program} put stock/42 17 --near {near} --evidence stock.evidence{bare}\n\
         \x20 {program} get stock/42 --near {near} --evidence stock.evidence{bare}\n\
         \x20 {program} get stock/42 --near {far} --guarantee consistent-prefix --evidence stock.evidence{bare}\n\
         \x20 {program} verify stock.evidence{bare}\n\
         \x20 ETCDCTL_API=3 etcdctl --endpoints=http://{url} get stock/42\n\
         Ctrl-C stops the cluster; started again on the same folder it goes on where it was."
    ));
}
