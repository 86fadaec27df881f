//! `up`: a cluster of regions in this process, and a first session to type.

use super::running::{Stop, watch};
use super::runtime;
use crate::arguments::{Switch, Up};
use crate::client::{Client, Terms};
use crate::embedded::{self, Embedded, Plan};
use crate::exit::Exit;
use crate::quantity::span_text;
use crate::screen::{Format, Screen};
use avouch_promise::Error;
use avouch_promise::guarantee::Guarantee;
use avouch_state::{Operation, RangeRequest};
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// How long the first answer may take before something must be wrong.
const FIRST: Duration = Duration::from_secs(30);

pub(super) fn run(up: &Up, screen: &mut Screen) -> Result<Exit, Error> {
    let start = Instant::now();
    let delays = up.delay == Switch::On;
    let regions = embedded::regions(&up.regions)?;
    let plan = Plan { data: up.data.clone(), regions, delays, port: up.port };
    let runtime = runtime()?;
    let mut stop = runtime.block_on(async { Stop::catch() })?;
    let cluster = Embedded::start(&plan, |_| {})?;
    if screen.format == Format::Text {
        introduce(&cluster, &plan, screen);
    }
    let ready = runtime.block_on(async {
        tokio::select! {
            ready = first_answer(&cluster) => ready.map(Some),
            () = stop.asked() => Ok(None),
        }
    })?;
    if ready.is_some() {
        tell_ready(&cluster, start.elapsed(), screen);
        runtime.block_on(watch(&cluster.hosts, &mut stop, screen));
    }
    cluster.stop()?;
    screen.say("stopped; every acknowledged write is on disk");
    Ok(Exit::DONE)
}

/// The cluster is ready when a linearizable read comes back with evidence that holds.
async fn first_answer(cluster: &Embedded) -> Result<(), Error> {
    let mut client = Client::of(&cluster.file, None)?;
    let key = bytes::Bytes::from_static(b"\0");
    let read = Operation::Range(RangeRequest { key, count_only: true, ..RangeRequest::default() });
    let terms = Terms { deadline: FIRST, ..Terms::new(Guarantee::Linearizable) };
    client.ask(&read, &terms).await.map(|_| ()).map_err(|failure| failure.error)
}

fn introduce(cluster: &Embedded, plan: &Plan, screen: &mut Screen) {
    let regions = cluster.hosts.len();
    let delays = if plan.delays {
        "with the delays measured between these AWS regions"
    } else {
        "without delays between them"
    };
    let data = embedded::shown(&plan.data);
    screen.line(&format!("{regions} regions in one process, {delays}; data in {data}"));
    for endpoint in &cluster.file.endpoints {
        screen.line(&format!(
            "  {:<16} n{}  http://{}",
            endpoint.region, endpoint.node, endpoint.address
        ));
    }
    let trust = embedded::shown(&cluster.file.trust);
    screen.line(&format!("trust file {trust}, all that verifying needs besides the evidence"));
}

fn tell_ready(cluster: &Embedded, took: Duration, screen: &mut Screen) {
    if screen.format == Format::Json {
        let ready_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let told = json!({
            "cluster": cluster.file.cluster, "trust": cluster.file.trust,
            "cluster_file": cluster.path, "endpoints": cluster.file.endpoints,
            "election_period_ns": cluster.election.0, "ready_ms": ready_ms,
        });
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
         \x20 {program} put stock/42 17 --near {near} --evidence stock.evidence\n\
         \x20 {program} get stock/42 --near {near} --evidence stock.evidence\n\
         \x20 {program} get stock/42 --near {far} --guarantee consistent-prefix --evidence stock.evidence\n\
         \x20 {program} verify stock.evidence\n\
         \x20 ETCDCTL_API=3 etcdctl --endpoints=http://{url} get stock/42\n\
         Ctrl-C stops the cluster; started again on the same folder it goes on where it was."
    ));
}
