//! The node's sockets, served by one thread with a runtime of its own.

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
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

/// The ports, bound; nothing is served yet.
pub(super) struct Network {
    runtime: Runtime,
    client: TcpListener,
    peer: TcpListener,
}

impl Network {
    /// Binds both ports.
    pub(super) fn bind(client: Listen, peer: Listen) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| {
            Error::new(Blame::Environment, "sockets and timers", error.to_string())
                .hint("the machine is out of file descriptors or memory")
        })?;
        let (client, peer) = runtime.block_on(async { (bind(client).await, bind(peer).await) });
        Ok(Self { runtime, client: client?, peer: peer? })
    }

    /// Where clients and peers reach the node.
    pub(super) fn addresses(&self) -> Result<(SocketAddr, SocketAddr), Error> {
        let unknown = |error: std::io::Error| {
            Error::new(Blame::Environment, "the address of an open port", error.to_string())
        };
        Ok((self.client.local_addr().map_err(unknown)?, self.peer.local_addr().map_err(unknown)?))
    }

    /// Starts the mesh. Messages arrive only once [`Connected::serve`] runs.
    pub(super) fn connect(self, config: peer::Config) -> Connected {
        let Self { runtime, client, peer } = self;
        let inside = runtime.enter();
        let (mesh, inbox) = Mesh::start(config, peer);
        drop(inside);
        Connected { runtime, client, mesh: Arc::new(mesh), inbox }
    }
}

/// The mesh is there, and the client port waits.
pub(super) struct Connected {
    runtime: Runtime,
    client: TcpListener,
    pub(super) mesh: Arc<Mesh>,
    inbox: Inbox,
}

impl Connected {
    /// Serves clients and takes peers' messages in until `stop` is true.
    pub(super) fn serve(
        self,
        handle: Handle,
        metrics: Arc<Metrics>,
        stop: watch::Receiver<bool>,
    ) -> Result<JoinHandle<()>, Error> {
        let Self { runtime, client, mesh, inbox } = self;
        let name = format!("avouch {} sockets", handle.identity.node);
        spawn(name, move || {
            let (intake, shared) = (handle.intake.clone(), handle.shared.clone());
            runtime.block_on(async move {
                let pump = tokio::spawn(take_in(inbox, intake, shared));
                listener::serve(handle, metrics, client, stop).await;
                pump.abort();
            });
            drop(mesh);
            runtime.shutdown_background();
        })
    }
}

/// Decodes what peers send and puts it into the step thread's queue.
async fn take_in(mut inbox: Inbox, intake: Intake, shared: Arc<Shared>) {
    while let Some((from, bytes)) = inbox.recv().await {
        match Message::from_bytes(&bytes) {
            Ok(message) => {
                if !intake.message(from, message).await {
                    return;
                }
            }
            Err(error) => {
                shared.garbled(from, &Error::decode(Blame::Peer, "a message", &error));
            }
        }
    }
}

async fn bind(listen: Listen) -> Result<TcpListener, Error> {
    match listen {
        Listen::At(address) => listener::bind(&address.to_string()).await,
        Listen::Bound(bound) => {
            let adopted = bound.set_nonblocking(true).and_then(|()| TcpListener::from_std(bound));
            adopted.map_err(|error| {
                Error::new(Blame::Environment, "to listen on a bound port", error.to_string())
            })
        }
    }
}
