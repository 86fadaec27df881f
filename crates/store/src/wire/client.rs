//! The asking side: one connection to a node, and requests with their guarantee over it.
//!
//! It speaks to an avouch and to an etcd alike (an etcd sends no evidence), and it derives from an
//! answer the very bytes that evidence speaks of.

use super::convert::{self, Headed, response};
use super::metadata::{self, Name};
use super::proto::etcdserverpb as pb;
use avouch_promise::{Blame, Decode, Encode, Error, Nonce, Request as Bound};
use avouch_state::{Operation, Outcome, Response, outcome_bytes};
use avouch_time::hybrid::{HEADER, Stamp};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use prost::Message as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::{Code, Status};

const HEADERS_MAX: u32 = 64 << 10;
const WINDOW: u32 = 8 << 20;

/// One HTTP/2 connection. Clones share it; many requests may be under way at once.
#[derive(Clone, Debug)]
pub struct Connection {
    send: SendRequest<Body>,
    origin: http::Uri,
}

impl Connection {
    /// Connects to `host:port` within `patience`.
    pub async fn open(address: &str, patience: Duration) -> Result<Self, Error> {
        let expected = format!("a node at {address}");
        let away = |got: String| {
            Error::new(Blame::Environment, &expected, got).hint("is the node running there?")
        };
        let origin = format!("http://{address}")
            .parse()
            .map_err(|_| Error::new(Blame::Caller, "an address host:port", address))?;
        let opening = async {
            let stream =
                TcpStream::connect(address).await.map_err(|error| away(error.to_string()))?;
            stream.set_nodelay(true).map_err(|error| away(error.to_string()))?;
            let handshake = Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .keep_alive_interval(Duration::from_secs(5))
                .keep_alive_timeout(Duration::from_secs(5))
                .max_header_list_size(HEADERS_MAX)
                .initial_stream_window_size(WINDOW)
                .initial_connection_window_size(WINDOW)
                .handshake(TokioIo::new(stream));
            let (send, connection) = handshake.await.map_err(|error| away(error.to_string()))?;
            tokio::spawn(connection); // ends with the last clone of `send`, or with the peer
            Ok::<_, Error>(send)
        };
        let opened = tokio::time::timeout(patience, opening).await;
        let send = opened.map_err(|_| away(format!("no answer within {patience:?}")))??;
        Ok(Self { send, origin })
    }

    /// Whether the other side is gone.
    pub fn is_closed(&self) -> bool {
        self.send.is_closed()
    }
    /// etcd's KV service over this connection.
    pub fn kv(&self) -> pb::kv_client::KvClient<Self> {
        pb::kv_client::KvClient::with_origin(self.clone(), self.origin.clone())
            .max_decoding_message_size(usize::MAX)
    }
    /// etcd's Maintenance service over this connection.
    pub fn maintenance(&self) -> pb::maintenance_client::MaintenanceClient<Self> {
        pb::maintenance_client::MaintenanceClient::with_origin(self.clone(), self.origin.clone())
    }
    /// etcd's Cluster service over this connection.
    pub fn cluster(&self) -> pb::cluster_client::ClusterClient<Self> {
        pb::cluster_client::ClusterClient::with_origin(self.clone(), self.origin.clone())
    }

    /// Asks for one operation.
    pub async fn ask(&self, operation: Operation, asking: &Asking) -> Result<Told, Error> {
        let (avouched, stamp, outcome) = match self.call(operation.clone(), asking).await {
            Ok((beside, response)) => (beside.avouched, beside.stamp, Ok(response?)),
            Err(status) => match response::error_from_status(&status) {
                Some(error) => {
                    let stamp = metadata::stamp_of(status.metadata().as_ref());
                    (metadata::avouched(status.metadata())?, stamp, Err(error))
                }
                None => return Err(failure(&status, operation.is_read_only())),
            },
        };
        let Some(avouched) = avouched else {
            let (achieved, hops, beside_bytes, carried) = (None, None, 0, None);
            return Ok(Told { outcome, achieved, hops, beside_bytes, carried, stamp });
        };
        Ok(Told {
            hops: Some(avouched.hops),
            beside_bytes: avouched.encoded_len(),
            carried: carried(&operation, &outcome, &avouched.request, avouched.evidence)?,
            achieved: Some(avouched.achieved),
            outcome,
            stamp,
        })
    }

    async fn call(
        &self,
        operation: Operation,
        asking: &Asking,
    ) -> Result<(Beside, Result<Response, Error>), Status> {
        fn parts<M: Headed>(told: tonic::Response<M>) -> (Beside, M) {
            let stamp = metadata::stamp_of(told.metadata().as_ref());
            let mut message = told.into_inner();
            let avouched = message.header().and_then(|header| header.avouched.take());
            (Beside { avouched, stamp }, message)
        }
        Ok(match operation {
            Operation::Range(range) => {
                let request = asking.request(convert::range_message(range))?;
                let (beside, message) = parts(self.kv().range(request).await?);
                (beside, Ok(response::range(message)))
            }
            Operation::Put(put) => {
                let request = asking.request(convert::put_message(put))?;
                let (beside, message) = parts(self.kv().put(request).await?);
                (beside, Ok(response::put(message)))
            }
            Operation::DeleteRange(delete) => {
                let request = asking.request(convert::delete_message(delete))?;
                let (beside, message) = parts(self.kv().delete_range(request).await?);
                (beside, Ok(response::delete(message)))
            }
            Operation::Txn(txn) => {
                let request = asking.request(convert::txn_message(txn))?;
                let (beside, message) = parts(self.kv().txn(request).await?);
                (beside, response::txn(message))
            }
            Operation::Compact(compaction) => {
                let (revision, physical) = (compaction.revision, compaction.physical);
                let request = asking.request(pb::CompactionRequest { revision, physical })?;
                let (beside, message) = parts(self.kv().compact(request).await?);
                (beside, Ok(response::compact(&message)))
            }
            Operation::Alarm(alarm) => {
                let request = asking.request(convert::alarm_message(alarm))?;
                let (beside, message) = parts(self.maintenance().alarm(request).await?);
                (beside, response::alarm(message))
            }
        })
    }
}

/// What stood beside an answer.
struct Beside {
    avouched: Option<pb::Avouched>,
    stamp: Option<Stamp>,
}

/// How an operation is asked for.
#[derive(Clone, Debug, Default)]
pub struct Asking {
    /// The guarantee; without one, the node's default.
    pub guarantee: Option<String>,
    /// The nonce that freshness is to be proved against.
    pub nonce: Option<Nonce>,
    /// The name that makes a retry safe.
    pub name: Option<Name>,
    /// Whether evidence is asked for.
    pub evidence: bool,
    /// How long the answer will be waited for.
    pub deadline: Option<Duration>,
    /// The hybrid stamp that the answer has to follow.
    pub stamp: Option<Stamp>,
}

impl Asking {
    /// An operation's message with all this beside it.
    pub fn request<M>(&self, message: M) -> Result<tonic::Request<M>, Status> {
        let mut request = tonic::Request::new(message);
        let metadata = request.metadata_mut();
        let mut put = |key: &'static str, text: String| -> Result<(), Status> {
            let value = text
                .parse()
                .map_err(|_| Status::invalid_argument(format!("{key} is not visible ASCII")))?;
            metadata.insert(key, value);
            Ok(())
        };
        if let Some(guarantee) = &self.guarantee {
            put(metadata::GUARANTEE, guarantee.clone())?;
        }
        if let Some(nonce) = &self.nonce {
            put(metadata::NONCE, metadata::nonce_text(nonce))?;
        }
        if let Some(name) = &self.name {
            put(metadata::REQUEST_ID, metadata::name_text(name))?;
        }
        if self.evidence {
            put(metadata::EVIDENCE, "full".to_owned())?;
        }
        if let Some(stamp) = &self.stamp {
            put(HEADER, stamp.to_string())?;
        }
        if let Some(deadline) = self.deadline {
            request.set_timeout(deadline);
        }
        Ok(request)
    }
}

/// What a node answered.
#[derive(Clone, Debug)]
pub struct Told {
    /// The answer.
    pub outcome: Outcome,
    /// The guarantee that the node says the answer has.
    pub achieved: Option<String>,
    /// How many wide-area hops the node says lay on its way.
    pub hops: Option<u32>,
    /// How many bytes of the message are avouch's part of it.
    pub beside_bytes: usize,
    /// The evidence, with the bytes it speaks of.
    pub carried: Option<Carried>,
    /// The node's hybrid stamp of the answer, if it keeps any.
    pub stamp: Option<Stamp>,
}

/// Evidence and what it speaks of, ready to be verified or written to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The request's canonical bytes, with our own operation and its intent in it.
    pub request: Bytes,
    /// The answer's canonical bytes, derived from what was received.
    pub response: Bytes,
    /// The evidence.
    pub evidence: Bytes,
}

fn carried(
    operation: &Operation,
    outcome: &Outcome,
    head: &Bytes,
    evidence: Bytes,
) -> Result<Option<Carried>, Error> {
    if evidence.is_empty() {
        return Ok(None);
    }
    let bound = Bound::from_bytes(head)
        .map_err(|error| Error::decode(Blame::Peer, "the request beside the evidence", &error))?;
    let (intent, body) = (operation.intent(), operation.to_bytes());
    let request = Bound { intent, body, ..bound }.to_bytes();
    Ok(Some(Carried { request, response: outcome_bytes(outcome), evidence }))
}

const ANSWER: &str = "an answer";
const NOTHING_WRITTEN: &str = "an answer (nothing was written)";

/// Whether a write that ended with this error of [`Connection::ask`] may have taken effect, or
/// may still. (One of [`Connection::open`] certainly did not; nor did a read, whatever it met.)
pub fn may_come_true(error: &Error) -> bool {
    error.expected != NOTHING_WRITTEN && error.expected != ANSWER
}

/// A status that is no answer, by blame.
fn failure(status: &Status, read_only: bool) -> Error {
    let note = |key| status.metadata().get(key).and_then(|value| value.to_str().ok());
    let blame = match status.code() {
        Code::InvalidArgument | Code::FailedPrecondition | Code::Unimplemented => Blame::Caller,
        Code::DataLoss => Blame::Corrupt,
        Code::Internal => Blame::Peer,
        _ => Blame::Environment,
    };
    let expected = match note(metadata::WRITE) {
        _ if read_only => ANSWER,
        Some("failed") => NOTHING_WRITTEN,
        _ => "an answer (whether a write took effect is unknown)",
    };
    let error = Error::new(blame, expected, status.message());
    note(metadata::DETAIL).map_or_else(|| error.clone(), |detail| error.clone().hint(detail))
}

impl Service<http::Request<Body>> for Connection {
    type Response = http::Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.send.poll_ready(context)
    }
    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(self.send.send_request(request))
    }
}
