//! Starting, watching and stopping a host.
//!
//! ```text
//!   validate -> bind ports -> lock and open the folder -> recover -> mesh -> step thread -> serve
//! ```
//!
//! Whatever fails before the step thread runs leaves nothing behind but a counted start.

use super::claim::claim;
use super::config::HostConfig;
use super::gauges::Shared;
use super::handle::Handle;
use super::intake::{self, Input};
use super::network::Ports;
use super::recorder::{Recorder, Switch};
use super::recover::recover;
use super::stamps::Stamps;
use super::stepper::Stepper;
use super::workers::spawn;
use crate::clock::Keeper;
use crate::wire::ask::{Ask, Identity, Member, Status};
use crate::wire::metrics::Metrics;
use crate::wire::peer;
use avouch_promise::{Blame, Error, NodeId};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::watch;

/// A running node. Dropping it stops the node and waits for its end.
pub struct Host {
    handle: Handle,
    client: SocketAddr,
    peer: SocketAddr,
    stopped: watch::Receiver<bool>,
    step: Option<JoinHandle<Result<(), Error>>>,
    sockets: Option<JoinHandle<()>>,
}

impl Host {
    /// Starts a node: when this returns its ports are open, and it joins its cluster.
    ///
    /// # Errors
    /// `Caller` for a configuration or folder that is not this node's; `Environment` for a port or
    /// folder in use, and for a disk that fails; `Corrupt` for data that no peer can repair.
    pub fn start(mut config: HostConfig) -> Result<Self, Error> {
        config.validate()?;
        let me = config.me;
        let replace = |listen: &mut super::Listen| {
            let nowhere = SocketAddr::from(([127, 0, 0, 1], 0)).into();
            std::mem::replace(listen, nowhere)
        };
        let listen = (replace(&mut config.client_listen), replace(&mut config.peer_listen));
        let ports = Ports::bind(listen.0, listen.1)?;
        let (client, peer) = ports.addresses;
        let data = claim(&config)?;
        let start = recover(&data)?;
        let cluster = config.trust.cluster();
        let identity = Identity { cluster, node: me, incarnation: data.log.incarnation };
        let connected = ports.connect(peer::Config {
            me: identity,
            peers: config.peers.clone(),
            signer: Arc::new(config.signer.clone()),
            verifier: Arc::new(config.trust.clone()),
            link: Arc::clone(&config.link),
        })?;
        let shared = Arc::new(Shared::default());
        let members = members(&config, client, peer);
        let (intake, outlet) = intake::queue(config.node.log.bounds);
        let switch = Arc::new(Switch::default());
        switch.set(config.recording);
        let recorder = Recorder::new(&config.data, Arc::clone(&switch), config.mutant);
        let clock = Arc::new(Keeper::start(&config.clock)?);
        let stamps = Stamps::of(&config, Arc::downgrade(&clock))?.map(Arc::new);
        let handle = Handle {
            stamps,
            intake: intake.clone(),
            shared: Arc::clone(&shared),
            identity,
            members: members.into(),
            mesh: Arc::downgrade(&connected.mesh),
            switch: Arc::clone(&switch),
            clock: Arc::downgrade(&clock),
        };
        let mesh = Arc::clone(&connected.mesh);
        let stepper = Stepper::new(config, data, (start, clock), mesh, (intake, outlet), shared)?;
        let stepper = stepper.recorded_by(recorder);
        let (ending, stopped) = watch::channel(false);
        let step = spawn(&format!("avouch {me} step"), move || {
            // Dropped however the thread ends, which closes the ports.
            let _ending = Ending(ending);
            stepper.run()
        })?;
        let metrics = Arc::new(Metrics::default());
        let sockets = connected.serve(handle.clone(), metrics, stopped.clone())?;
        Ok(Self { handle, client, peer, stopped, step: Some(step), sockets: Some(sockets) })
    }

    /// Where clients reach the node.
    pub fn client_addr(&self) -> SocketAddr {
        self.client
    }
    /// Where peers reach the node.
    pub fn peer_addr(&self) -> SocketAddr {
        self.peer
    }
    /// The node, to ask it from within this process.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
    /// Who the node is.
    pub fn identity(&self) -> Identity {
        self.handle.identity
    }
    /// What the node knows of itself.
    pub fn status(&self) -> Status {
        self.handle.status()
    }
    /// Whether the node runs.
    pub fn is_running(&self) -> bool {
        !*self.stopped.borrow() && self.stopped.has_changed().is_ok()
    }

    /// Asks the node to end: it says farewell to its peers, so that they go on without an election
    /// timeout. [`Host::wait`] waits for its end.
    pub fn stop(&self) {
        self.handle.intake.put(Input::Stop { crash: false });
    }

    /// Ends the node as a killed process would: what is not synced yet is not synced any more.
    /// Returns when it is gone.
    pub fn crash(mut self) {
        self.handle.intake.put(Input::Stop { crash: true });
        let _ = self.end(); // a crash has no last words
    }

    /// Waits until the node has ended, and says why if it was not asked to.
    pub fn wait(mut self) -> Result<(), Error> {
        self.end()
    }

    fn end(&mut self) -> Result<(), Error> {
        let ended = self.step.take().map_or(Ok(Ok(())), JoinHandle::join);
        if let Some(sockets) = self.sockets.take() {
            let _ = sockets.join(); // a panic there has been printed; the node's own end counts
        }
        ended.unwrap_or_else(|_| {
            Err(Error::new(Blame::Corrupt, "every invariant of the node to hold", "one that broke")
                .hint("this is a bug of avouch: the message above names the invariant"))
        })
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if self.step.is_some() {
            self.stop();
            let _ = self.end(); // whoever wants to know why calls `wait`
        }
    }
}

/// Says that the step thread has ended when it is dropped.
struct Ending(watch::Sender<bool>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}

fn members(config: &HostConfig, client: SocketAddr, peer: SocketAddr) -> Vec<Member> {
    let urls = |addresses: &BTreeMap<NodeId, String>, node: NodeId, own: SocketAddr| {
        let known = addresses.get(&node).cloned();
        let address = known.or_else(|| (node == config.me).then(|| own.to_string()));
        address.map(|address| format!("http://{address}")).into_iter().collect()
    };
    let member = |member: &avouch_promise::trust::Member| Member {
        node: member.node,
        name: member.name.clone(),
        peer_urls: urls(&config.peers, member.node, peer),
        client_urls: urls(&config.clients, member.node, client),
        learner: !config.trust.newest_voters().contains(&member.node),
    };
    config.trust.members().iter().map(member).collect()
}
