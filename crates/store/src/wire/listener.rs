//! The client port: accepts connections, tells HTTP/1.1 and HTTP/2 apart, and serves both.
//!
//! Everything a client can hold on to is bounded: connections, streams of each, the size of
//! headers and messages, the time to send a header.

use super::ask::Ask;
use super::authority::Mended;
use super::http::Pages;
use super::metrics::Metrics;
use super::service::Services;
use avouch_promise::{Blame, Error};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

const CONNECTIONS_MAX: usize = 8_192;
const STREAMS_MAX: u32 = 4_096;
const HEADERS_MAX: u32 = 64 << 10;
/// How much of one request, and of one connection's requests, may be under way unread: one
/// message of the largest size never waits for a window.
const STREAM_WINDOW: u32 = 2 << 20;
const CONNECTION_WINDOW: u32 = 8 << 20;
const HEADER_PATIENCE: Duration = Duration::from_secs(10);
/// How long requests under way may take when the node stops.
const GRACE: Duration = Duration::from_secs(1);

/// Binds a port; one that is in use is the environment's fault, and says so.
pub async fn bind(address: &str) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|error| unbound(address, &error))
}

/// Why a port could not be bound.
pub(crate) fn unbound(address: &str, error: &std::io::Error) -> Error {
    let expected = format!("to listen on {address}");
    let hint = match error.kind() {
        std::io::ErrorKind::AddrInUse => "another process has the port: stop it or choose another",
        std::io::ErrorKind::PermissionDenied => "ports below 1024 need rights: choose another",
        _ => "is the address one of this machine's?",
    };
    Error::new(Blame::Environment, expected, error.to_string()).hint(hint)
}

/// Serves `node` on `listener` until `stop` is true or its sender is gone.
pub async fn serve<A: Ask>(
    node: A,
    metrics: Arc<Metrics>,
    listener: TcpListener,
    mut stop: watch::Receiver<bool>,
) {
    let pages = Pages::new(Services::new(node, metrics));
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = accept(&listener, &places) => accepted,
        };
        if let Some((stream, place)) = accepted {
            let connection = serve_one(pages.clone(), stream, stop.clone());
            connections.spawn(async move {
                connection.await;
                drop(place);
            });
        }
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE, all).await; // what is left ends with the set
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.ok()?;
    let Ok((stream, _)) = listener.accept().await else {
        // Out of file descriptors, mostly: wait for some to be returned.
        tokio::time::sleep(Duration::from_millis(50)).await;
        return None;
    };
    stream.set_nodelay(true).ok()?;
    Some((stream, place))
}

async fn serve_one<A: Ask>(pages: Pages<A>, stream: TcpStream, mut stop: watch::Receiver<bool>) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_PATIENCE);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(20))
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEADERS_MAX)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    let answer = service_fn(move |request| pages.clone().answer(request));
    let connection = builder.serve_connection(TokioIo::new(Mended::new(stream)), answer);
    let mut connection = std::pin::pin!(connection);
    // How a client breaks its connection is its own affair.
    let stopped = async { drop(stop.wait_for(|stop| *stop).await) };
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stopped => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}
