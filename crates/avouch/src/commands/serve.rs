//! `serve`: one real node.

use super::running::{Stop, watch};
use super::runtime;
use crate::arguments::Serve;
use crate::exit::Exit;
use crate::node;
use crate::screen::{Format, Screen};
use avouch_promise::Error;
use avouch_store::host::Host;
use serde_json::json;

pub(super) fn run(serve: &Serve, screen: &mut Screen) -> Result<Exit, Error> {
    let config = node::read(&serve.config)?;
    let runtime = runtime()?;
    let mut stop = runtime.block_on(async { Stop::catch() })?;
    let host = [Host::start(config)?];
    for host in &host {
        let (node, client, peer) = (host.identity().node, host.client_addr(), host.peer_addr());
        match screen.format {
            Format::Text => screen.line(&format!(
                "{node} of cluster {} serves clients on http://{client}, peers on {peer}",
                host.identity().cluster
            )),
            Format::Json => screen.line(
                &json!({ "node": node.0, "client": client.to_string(), "peer": peer.to_string() })
                    .to_string(),
            ),
        }
    }
    runtime.block_on(watch(&host, &mut stop, screen));
    for host in host {
        host.stop();
        host.wait()?;
    }
    screen.say("stopped; every acknowledged write is on disk");
    Ok(Exit::DONE)
}
