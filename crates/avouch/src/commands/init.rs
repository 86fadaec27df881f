//! `init`: founds a cluster of real nodes; each gets a folder to carry to its machine.

use crate::address;
use crate::arguments::Init;
use crate::cluster::known;
use crate::cluster::{self, ClusterFile, Endpoint};
use crate::exit::Exit;
use crate::node::{self, host_and_port};
use crate::quantity::counted;
use crate::screen::{Format, Screen};
use avouch_promise::{Blame, Error};
use avouch_store::host::{NewMember, TRUST_FILE, found_cluster, node_folder};
use std::fmt::Write as _;

/// A node to be.
struct Planned {
    name: String,
    client: String,
    peer: String,
}

pub(super) fn run(init: &Init, screen: &mut Screen) -> Result<Exit, Error> {
    let planned: Vec<Planned> =
        (1..).zip(&init.node).map(|(number, text)| plan(number, text)).collect::<Result<_, _>>()?;
    let mut taken: Vec<&str> = Vec::new();
    for address in planned.iter().flat_map(|node| [node.client.as_str(), node.peer.as_str()]) {
        if taken.contains(&address) {
            let expected = "different addresses, for clients and on the next port for peers";
            return Err(Error::new(Blame::Caller, expected, format!("{address} twice")));
        }
        taken.push(address);
    }
    let member = |node: &Planned| NewMember { name: node.name.clone(), region: node.name.clone() };
    let members: Vec<_> = planned.iter().map(member).collect();
    let trust = found_cluster(&init.data, &members)?;
    for (place, own) in planned.iter().enumerate() {
        let text = configuration(place, own, &planned);
        let path = node_folder(&init.data, &own.name).join(node::NAME);
        cluster::replace(&path, text.as_bytes())?;
    }
    let endpoint = |(number, node): (u32, &Planned)| Endpoint {
        node: number,
        region: node.name.clone(),
        address: node.client.clone(),
    };
    let endpoints = (1..).zip(&planned).map(endpoint).collect();
    let file = ClusterFile::new(&trust.cluster().to_string(), TRUST_FILE, endpoints);
    let path = init.data.join(cluster::NAME);
    file.write(&path)?;
    if let Err(error) = known::remember(&file, &path) {
        let hint = format!("name it: --cluster {}", path.display());
        screen.tell(&Error { hint, ..error });
    }
    match screen.format {
        Format::Json => screen.line(&serde_json::to_string(&file).unwrap_or_default()),
        Format::Text => {
            screen.line(&format!(
                "cluster {} of {}",
                trust.cluster(),
                counted(planned.len(), "node")
            ));
            for own in &planned {
                let folder = node_folder(&init.data, &own.name);
                let start = folder.join(node::NAME);
                screen.line(&format!("  avouch serve --config {}", start.display()));
            }
            let trust = init.data.join(TRUST_FILE);
            screen.say(&format!(
                "each folder holds a secret key: carry it to its machine and nowhere else\n\
                 give clients {} and {}",
                trust.display(),
                path.display()
            ));
        }
    }
    Ok(Exit::DONE)
}

fn plan(number: u32, text: &str) -> Result<Planned, Error> {
    let (name, client) = match text.split_once('=') {
        Some((name, client)) => (name.to_owned(), client),
        None => (format!("n{number}"), text),
    };
    let client = address::parse(client)?;
    let (host, port) = host_and_port(&client)?;
    let next = port.checked_add(1).filter(|next| *next > 1).ok_or_else(|| {
        Error::new(Blame::Caller, "a port from 1 to 65534", port.to_string())
            .hint("peers use the next port")
    })?;
    let peer = format!("{host}:{next}");
    Ok(Planned { name, client, peer })
}

/// A node's configuration, complete and with its comments.
fn configuration(place: usize, own: &Planned, all: &[Planned]) -> String {
    let Planned { client, peer, .. } = own;
    let mut text = format!(
        "# One node of an avouch cluster: `avouch serve --config` with this file starts it.\n\
         node = \"n{}\"\n\
         data = \".\"                     # from this file's folder; it holds the node's key\n\
         client = \"{client}\"\n\
         peer = \"{peer}\"\n\
         election-period = \"500ms\"      # longer than the longest round trip between voters\n\
         # clock-bound = \"2ms\"          # how far this machine's clock may be off, if you know\n\
         # quota = \"2GiB\"               # how much data the store may hold\n\
         # record = \"sampled\"          # write steps down in steps.tsv: off, sampled or full\n\n",
        place + 1
    );
    for (table, pick) in [
        ("peers", (|node| &node.peer) as fn(&Planned) -> &String),
        ("clients", |node| &node.client),
    ] {
        let _ = writeln!(text, "[{table}]"); // writing to a string cannot fail
        for (number, node) in (1..).zip(all) {
            if number != place + 1 {
                let _ = writeln!(text, "n{number} = \"{}\"", pick(node));
            }
        }
        text.push('\n');
    }
    text.push_str(
        "# [clock]                      # what tells this node the time, instead of clock-bound\n\
         # sources = [\"192.0.2.1\", \"192.0.2.2\", \"192.0.2.3\"]\n",
    );
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}
