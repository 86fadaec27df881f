//! etcd's services over a node: each procedure reads its message and metadata, asks, and writes
//! the answer with its evidence.
//!
//! ```text
//! message + metadata -> operation + guarantee -> request bytes -> Ask -> outcome bytes -> message
//!                                                                    \-> evidence -> header
//! ```

use super::ask::{Answered, Ask, Question, Refusal};
use super::convert::{self, Asked, Headed};
use super::metadata::{self, Said};
use super::metrics::{Labels, Metrics};
use super::naming::Naming;
use super::proto::etcdserverpb as pb;
use super::refusal::{fault, note, status};
use avouch_promise::guarantee::Guarantee;
use avouch_promise::{
    Blame, ClusterId, Decode, DecodeError, Encode, Error, KeyspaceId, Request as Bound,
};
use avouch_state::{MAX_REQUEST_BYTES, outcome_from_bytes};
use avouch_time::hybrid::Stamp;
use bytes::Bytes;
use std::sync::Arc;
use tokio::time::Instant;
use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Response, Status};

/// The guarantee of a request that names none.
const DEFAULT: Guarantee = Guarantee::Linearizable;
/// The guarantee that etcd's `serializable` stands for.
const SERIALIZABLE: Guarantee = Guarantee::ConsistentPrefix;
/// The version of etcd's interface that is spoken, and our own.
pub const VERSION: &str = concat!("3.4.0+avouch.", env!("CARGO_PKG_VERSION"));

/// The services of one node.
#[derive(Debug)]
pub struct Services<A> {
    node: A,
    naming: Arc<Naming>,
    metrics: Arc<Metrics>,
}
impl<A: Clone> Clone for Services<A> {
    fn clone(&self) -> Self {
        let (naming, metrics) = (self.naming.clone(), self.metrics.clone());
        Self { node: self.node.clone(), naming, metrics }
    }
}

/// A cluster's number, as etcd's headers have it.
pub fn cluster_number(cluster: ClusterId) -> u64 {
    cluster.0.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

impl<A: Ask> Services<A> {
    /// The services of `node`.
    pub fn new(node: A, metrics: Arc<Metrics>) -> Self {
        let naming = Arc::new(Naming::new(&node.identity()));
        Self { node, naming, metrics }
    }

    /// The node.
    pub fn node(&self) -> &A {
        &self.node
    }
    /// What was measured.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    fn header(&self, revision: i64, term: u64) -> pb::ResponseHeader {
        let identity = self.node.identity();
        pb::ResponseHeader {
            cluster_id: cluster_number(identity.cluster),
            member_id: u64::from(identity.node.0),
            revision,
            raft_term: term,
            avouched: None,
        }
    }

    /// The one path that every request takes.
    async fn carry<M: Headed>(
        &self,
        method: &'static str,
        metadata: &MetadataMap,
        asked: Result<Asked, Error>,
    ) -> Result<Response<M>, Status> {
        let start = Instant::now();
        let mut labels = Labels { method, guarantee: "refused", code: Code::Ok };
        let mut evidence_bytes = 0;
        let answer = self.answer(metadata, asked, &mut labels, &mut evidence_bytes).await;
        labels.code = answer.as_ref().map_or_else(Status::code, |_| Code::Ok);
        self.metrics.record(&labels, start.elapsed(), evidence_bytes);
        answer
    }

    async fn answer<M: Headed>(
        &self,
        metadata: &MetadataMap,
        asked: Result<Asked, Error>,
        labels: &mut Labels,
        evidence_bytes: &mut usize,
    ) -> Result<Response<M>, Status> {
        let Asked { operation, serializable } = asked.map_err(|error| fault(&error))?;
        let said = metadata::read(metadata).map_err(|error| fault(&error))?;
        // Before anything is begun, so that what is begun follows it.
        if said.stamp.is_some() {
            self.node.stamp(said.stamp).await.map_err(|error| fault(&error))?;
        }
        let read_only = operation.is_read_only();
        let guarantee = guarantee(&said, serializable).map_err(|error| fault(&error))?;
        labels.guarantee = guarantee.row().name;

        // Held until the answer is there: a drawn name is settled when nobody waits for it.
        let drawn = (!read_only && said.name.is_none()).then(|| self.naming.draw());
        let name = said.name.or(drawn.as_ref().map(|drawn| drawn.name)).unwrap_or_default();
        let bound = Bound {
            intent: operation.intent(),
            cluster: self.node.identity().cluster,
            keyspace: KeyspaceId::default(),
            id: name.id,
            settled: name.settled,
            nonce: said.nonce.unwrap_or_default(),
            guarantee: guarantee.to_string(),
            token: said.token,
            body: operation.to_bytes(),
        };
        if bound.body.len() > MAX_REQUEST_BYTES {
            return Err(fault(&avouch_state::Error::RequestTooLarge.into()));
        }
        let question = Question {
            request: bound.to_bytes(),
            read_only,
            evidence: said.evidence,
            deadline: said.deadline,
        };
        let answered = self.node.ask(question).await.map_err(|refusal| status(&refusal))?;
        drop(drawn);
        *evidence_bytes = answered.evidence.as_ref().map_or(0, Bytes::len);
        let stamp = if said.anything { self.node.stamp(None).await.ok().flatten() } else { None };
        match self.message(answered, bound, said.anything) {
            Ok(mut response) => {
                stamp_into(response.metadata_mut(), stamp);
                Ok(response)
            }
            Err(mut status) => {
                stamp_into(status.metadata_mut(), stamp);
                Err(status)
            }
        }
    }

    /// The answer's message, or its status; what avouch adds only for those who `asked` for it.
    fn message<M: Headed>(
        &self,
        answered: Answered,
        bound: Bound,
        asked: bool,
    ) -> Result<Response<M>, Status> {
        let broken = |detail: &str| {
            let mut status = Status::internal("avouch: the node's answer has another shape");
            note(status.metadata_mut(), metadata::DETAIL, detail);
            status
        };
        let outcome = outcome_from_bytes(&answered.outcome);
        let outcome = outcome.map_err(|error| broken(&error.to_string()))?;
        let term = answered.ballot.round;
        let avouched = avouched(answered, bound).map_err(|error| broken(&error.to_string()))?;
        match outcome {
            Ok(response) => {
                let mut header = self.header(0, term);
                header.avouched = asked.then_some(avouched);
                let message = M::from_response(response, header);
                Ok(Response::new(message.ok_or_else(|| broken("of another kind"))?))
            }
            Err(error) => {
                let bare = convert::status_of_error(error);
                let mut trailers = metadata::trailers(&avouched);
                note(&mut trailers, metadata::WRITE, "failed");
                if !error.hint().is_empty() {
                    note(&mut trailers, metadata::DETAIL, error.hint());
                }
                Err(Status::with_metadata(bare.code(), bare.message(), trailers))
            }
        }
    }
}

//= §3.3.1 cross-service-propagation
/// Puts an answer's stamp into its metadata.
fn stamp_into(metadata: &mut MetadataMap, stamp: Option<Stamp>) {
    let mut headers = std::mem::take(metadata).into_headers();
    metadata::put_stamp(&mut headers, stamp);
    *metadata = MetadataMap::from_headers(headers);
}

/// What avouch adds to an answer.
fn avouched(answered: Answered, asked: Bound) -> Result<pb::Avouched, DecodeError> {
    let evidence = answered.evidence.unwrap_or_default();
    let request =
        if evidence.is_empty() { Bytes::new() } else { head(answered.original.as_deref(), asked)? };
    Ok(pb::Avouched {
        achieved: answered.achieved,
        point_index: answered.point.index.0,
        point_position: answered.point.position,
        hops: answered.hops,
        evidence,
        request,
    })
}

/// The request as it was signed, its body left out: the client puts its own operation there, and
/// evidence about any other then fails.
fn head(original: Option<&[u8]>, asked: Bound) -> Result<Bytes, DecodeError> {
    let bound = original.map_or(Ok(asked), Bound::from_bytes)?;
    Ok(Bound { body: Bytes::new(), ..bound }.to_bytes())
}

//= §1.3.1 per-request semantics, not system-wide labels
/// The guarantee that is asked for, if it is served.
fn guarantee(said: &Said, serializable: bool) -> Result<Guarantee, Error> {
    let default = if serializable { SERIALIZABLE } else { DEFAULT };
    let guarantee = said.guarantee.as_deref().map_or(Ok(default), str::parse)?;
    guarantee.require_served()?;
    if serializable && !SERIALIZABLE.implies(&guarantee) {
        let expected = "serializable reads with a guarantee no stronger than consistent-prefix";
        return Err(Error::new(Blame::Caller, expected, guarantee.to_string())
            .hint("leave out serializable, or the guarantee"));
    }
    Ok(guarantee)
}

#[tonic::async_trait]
impl<A: Ask> pb::kv_server::Kv for Services<A> {
    async fn range(
        &self,
        request: Request<pb::RangeRequest>,
    ) -> Result<Response<pb::RangeResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        self.carry("range", &metadata, convert::range(message)).await
    }
    async fn put(
        &self,
        request: Request<pb::PutRequest>,
    ) -> Result<Response<pb::PutResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        self.carry("put", &metadata, Ok(convert::put(message))).await
    }
    async fn delete_range(
        &self,
        request: Request<pb::DeleteRangeRequest>,
    ) -> Result<Response<pb::DeleteRangeResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        self.carry("delete", &metadata, Ok(convert::delete(message))).await
    }
    async fn txn(
        &self,
        request: Request<pb::TxnRequest>,
    ) -> Result<Response<pb::TxnResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        self.carry("txn", &metadata, convert::txn(message)).await
    }
    async fn compact(
        &self,
        request: Request<pb::CompactionRequest>,
    ) -> Result<Response<pb::CompactionResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        self.carry("compact", &metadata, Ok(convert::compact(message))).await
    }
}

#[tonic::async_trait]
impl<A: Ask> pb::cluster_server::Cluster for Services<A> {
    async fn member_list(
        &self,
        _: Request<pb::MemberListRequest>,
    ) -> Result<Response<pb::MemberListResponse>, Status> {
        let member = |member: super::ask::Member| pb::Member {
            id: u64::from(member.node.0),
            name: member.name,
            peer_ur_ls: member.peer_urls,
            client_ur_ls: member.client_urls,
            is_learner: member.learner,
        };
        let members = self.node.members().into_iter().map(member).collect();
        // etcd leaves the revision out here; the configuration is not the store's.
        let header = Some(self.header(0, self.node.status().ballot.round));
        Ok(Response::new(pb::MemberListResponse { header, members }))
    }
}

#[tonic::async_trait]
impl<A: Ask> pb::maintenance_server::Maintenance for Services<A> {
    async fn alarm(
        &self,
        request: Request<pb::AlarmRequest>,
    ) -> Result<Response<pb::AlarmResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        self.carry("alarm", &metadata, convert::alarm(message)).await
    }

    async fn status(
        &self,
        _: Request<pb::StatusRequest>,
    ) -> Result<Response<pb::StatusResponse>, Status> {
        let status = self.node.status();
        Ok(Response::new(pb::StatusResponse {
            header: Some(self.header(status.revision, status.ballot.round)),
            version: VERSION.to_owned(),
            db_size: status.size_bytes.cast_signed(),
            leader: status.leader.map_or(0, |node| u64::from(node.0)),
            raft_index: status.commit.0,
            raft_term: status.ballot.round,
            raft_applied_index: status.applied.0,
            errors: status.errors,
            db_size_in_use: status.size_in_use_bytes.cast_signed(),
            is_learner: status.learner,
        }))
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}
