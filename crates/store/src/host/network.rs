//! The node's sockets, served by one thread with a runtime of its own.
//!
//! Nothing here blocks on that runtime but its own thread, so a host can be started and dropped
//! from within another runtime.

use super::config::Listen;
use super::gauges::Shared;
use super::handle::Handle;
use super::intake::Intake;
use super::workers::spawn;
use crate::wire::listener;
use crate::wire::metrics::Metrics;
use crate::wire::peer::{self, Inbox, Mesh};
use avouch_agreement::log::Message;
use avouch_promise::{Blame, Decode, Error};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

/// The ports, bound; nothing is served yet.
pub(super) struct Ports {
    client: std::net::TcpListener,
    peer: std::net::TcpListener,
    /// Where clients and peers reach the node.
    pub(super) addresses: (SocketAddr, SocketAddr),
}

impl Ports {
    /// Binds both ports.
    pub(super) fn bind(client: Listen, peer: Listen) -> Result<Self, Error> {
        let (client, client_address) = bind(client)?;
        let (peer, peer_address) = bind(peer)?;
        Ok(Self { client, peer, addresses: (client_address, peer_address) })
    }

    /// Starts the mesh. Messages arrive only once [`Connected::serve`] runs.
    pub(super) fn connect(self, config: peer::Config) -> Result<Connected, Error> {
        let built = Builder::new_current_thread().enable_all().build();
        let runtime = Background(Some(built.map_err(|error| no_sockets(&error))?));
        let inside = runtime.0.as_ref().map(Runtime::enter);
        let adopt = |port| TcpListener::from_std(port).map_err(|error| no_sockets(&error));
        let (client, peer) = (adopt(self.client)?, adopt(self.peer)?);
        let (mesh, inbox) = Mesh::start(config, peer);
        drop(inside);
        Ok(Connected { client, mesh: Arc::new(mesh), inbox, runtime })
    }
}

/// The mesh is there, and the client port waits.
pub(super) struct Connected {
    client: TcpListener,
    pub(super) mesh: Arc<Mesh>,
    inbox: Inbox,
    runtime: Background,
}

impl Connected {
    /// Serves clients and takes peers' messages in until `stop` is true.
    pub(super) fn serve(
        self,
        handle: Handle,
        metrics: Arc<Metrics>,
        stop: watch::Receiver<bool>,
    ) -> Result<JoinHandle<()>, Error> {
        let Self { client, mesh, inbox, runtime } = self;
        let name = format!("avouch {} sockets", handle.identity.node);
        spawn(&name, move || {
            let (intake, shared) = (handle.intake.clone(), handle.shared.clone());
            let served = async move {
                let pump = tokio::spawn(take_in(inbox, intake, shared));
                listener::serve(handle, metrics, client, stop).await;
                pump.abort();
            };
            if let Some(runtime) = &runtime.0 {
                runtime.block_on(served);
            }
            drop(mesh);
        })
    }
}

/// A runtime that is given up without waiting for what it runs.
struct Background(Option<Runtime>);

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Decodes what peers send and puts it into the step thread's queue.
async fn take_in(mut inbox: Inbox, intake: Intake, shared: Arc<Shared>) {
    while let Some((from, bytes)) = inbox.recv().await {
        match Message::from_bytes(&bytes) {
            Ok(message) => {
                if !intake.message(from, message, bytes.len()).await {
                    return;
                }
            }
            Err(error) => {
                shared.garbled(from, &Error::decode(Blame::Peer, "a message", &error));
            }
        }
    }
}

fn bind(listen: Listen) -> Result<(std::net::TcpListener, SocketAddr), Error> {
    let bound = match listen {
        Listen::At(address) => std::net::TcpListener::bind(address)
            .map_err(|error| listener::unbound(&address.to_string(), &error))?,
        Listen::Bound(bound) => bound,
    };
    let address = bound.set_nonblocking(true).and_then(|()| bound.local_addr());
    Ok((bound, address.map_err(|error| no_sockets(&error))?))
}

fn no_sockets(error: &io::Error) -> Error {
    Error::new(Blame::Environment, "sockets and timers", error.to_string())
        .hint("the machine is out of file descriptors or memory")
}
