//! One port for everything a client may want: gRPC over HTTP/2, and a few pages over either HTTP
//! for `curl`, load balancers and Prometheus.
//!
//! Pages follow the hybrid stamp in the header `avouch-stamp`, and carry one of their own.
//!
//! A procedure of etcd's that is not served answers UNIMPLEMENTED and names those that are.

use super::ask::{Ask, Question};
use super::proto::etcdserverpb as pb;
use super::service::{Services, VERSION};
use avouch_promise::guarantee::Guarantee;
use avouch_promise::{Blame, Encode, KeyspaceId, Nonce, Request as Bound, RequestId};
use avouch_state::{Operation, RangeRequest, outcome_from_bytes};
use avouch_time::hybrid::HEADER;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use std::convert::Infallible;
use std::time::Duration;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::{Code, Status};

/// The procedures served.
const SERVED: [(&str, &[&str]); 3] = [
    ("etcdserverpb.KV", &["Range", "Put", "DeleteRange", "Txn", "Compact"]),
    ("etcdserverpb.Cluster", &["MemberList"]),
    ("etcdserverpb.Maintenance", &["Alarm", "Status"]),
];

/// The largest message: etcd's, which is its largest request and half a megabyte around it.
pub const MESSAGE_MAX: usize = avouch_state::MAX_REQUEST_BYTES + (512 << 10);

/// How long `/health` waits for the cluster.
const HEALTH: Duration = Duration::from_secs(1);

/// All that answers on a client port.
pub struct Pages<A: Ask> {
    services: Services<A>,
    kv: pb::kv_server::KvServer<Services<A>>,
    cluster: pb::cluster_server::ClusterServer<Services<A>>,
    maintenance: pb::maintenance_server::MaintenanceServer<Services<A>>,
}
impl<A: Ask> Clone for Pages<A> {
    fn clone(&self) -> Self {
        Self {
            services: self.services.clone(),
            kv: self.kv.clone(),
            cluster: self.cluster.clone(),
            maintenance: self.maintenance.clone(),
        }
    }
}

impl<A: Ask> Pages<A> {
    /// Everything that `services` answer.
    pub fn new(services: Services<A>) -> Self {
        let kv = pb::kv_server::KvServer::new(services.clone());
        let cluster = pb::cluster_server::ClusterServer::new(services.clone());
        let maintenance = pb::maintenance_server::MaintenanceServer::new(services.clone());
        Self {
            services,
            kv: kv.max_decoding_message_size(MESSAGE_MAX),
            cluster: cluster.max_decoding_message_size(MESSAGE_MAX),
            maintenance: maintenance.max_decoding_message_size(MESSAGE_MAX),
        }
    }

    /// Answers one HTTP request.
    pub async fn answer(
        mut self,
        request: http::Request<Incoming>,
    ) -> Result<http::Response<Body>, Infallible> {
        let grpc = request.headers().get(http::header::CONTENT_TYPE);
        if !grpc.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc")) {
            return Ok(self.stamped(&request).await);
        }
        let path = request.uri().path();
        let Some((service, method)) = path.trim_start_matches('/').split_once('/') else {
            return Ok(unimplemented(path));
        };
        let served = SERVED.iter().find(|(name, _)| *name == service);
        if !served.is_some_and(|(_, methods)| methods.contains(&method)) {
            return Ok(unimplemented(path));
        }
        match service {
            "etcdserverpb.KV" => self.kv.call(request).await,
            "etcdserverpb.Cluster" => self.cluster.call(request).await,
            _ => self.maintenance.call(request).await,
        }
    }

    /// A page, which follows the stamp that is sent in the header, and has a stamp itself.
    async fn stamped(&self, request: &http::Request<Incoming>) -> http::Response<Body> {
        let node = self.services.node();
        if let Some(value) = request.headers().get(HEADER) {
            let stamp = super::metadata::stamp(value.to_str().unwrap_or("other bytes"));
            let followed = match stamp {
                Ok(stamp) => node.stamp(Some(stamp)).await,
                Err(error) => Err(error),
            };
            if let Err(error) = followed {
                let code = if error.blame == Blame::Caller { 400 } else { 503 };
                return page(code, TEXT, format!("{error}\nhint: {}\n", error.hint));
            }
        }
        let mut answer = self.page(request.method(), request.uri().path()).await;
        let stamp = node.stamp(None).await.ok().flatten();
        super::metadata::put_stamp(answer.headers_mut(), stamp);
        answer
    }

    async fn page(&self, method: &http::Method, path: &str) -> http::Response<Body> {
        if method != http::Method::GET {
            return page(405, TEXT, "pages are read with GET; data are reached over gRPC\n".into());
        }
        match path {
            "/health" => self.health().await,
            "/metrics" => {
                let node = self.services.node();
                let text = self.services.metrics().text(&node.status(), &node.gauges());
                page(200, "text/plain; version=0.0.4; charset=utf-8", text)
            }
            "/version" => {
                let ours = env!("CARGO_PKG_VERSION");
                let body = format!(
                    "{{\"etcdserver\":\"{VERSION}\",\"etcdcluster\":\"3.4.0\",\"avouch\":\"{ours}\"}}"
                );
                page(200, JSON, body)
            }
            _ => page(
                404,
                TEXT,
                "served here: /health /metrics /version, and etcd's v3 gRPC\n".into(),
            ),
        }
    }

    /// Healthy is a node that can answer a linearizable read, and over which no alarm is raised.
    async fn health(&self) -> http::Response<Body> {
        let reason = match tokio::time::timeout(HEALTH, self.ailment()).await {
            Ok(ailment) => ailment,
            Err(_) => Some(format!("no linearizable read within {} s", HEALTH.as_secs())),
        };
        match reason {
            None => page(200, JSON, "{\"health\":\"true\",\"reason\":\"\"}".into()),
            Some(reason) => {
                let reason = super::metadata::visible(&reason).replace(['"', '\\'], "'");
                page(503, JSON, format!("{{\"health\":\"false\",\"reason\":\"{reason}\"}}"))
            }
        }
    }

    async fn ailment(&self) -> Option<String> {
        let node = self.services.node();
        if let Some(error) = node.status().errors.first() {
            return Some(error.clone());
        }
        let key = Bytes::from_static(b"health");
        let range = RangeRequest { key, count_only: true, ..RangeRequest::default() };
        let operation = Operation::Range(range);
        let bound = Bound {
            intent: operation.intent(),
            cluster: node.identity().cluster,
            keyspace: KeyspaceId::default(),
            id: RequestId::default(),
            settled: 0,
            nonce: Nonce::default(),
            guarantee: Guarantee::Linearizable.to_string(),
            token: Bytes::new(),
            body: operation.to_bytes(),
        };
        let request = bound.to_bytes();
        let question =
            Question { request, read_only: true, evidence: false, deadline: Some(HEALTH) };
        match node.ask(question).await.map(|answered| outcome_from_bytes(&answered.outcome)) {
            Ok(Ok(Ok(_))) => None,
            Ok(Ok(Err(error))) => Some(error.to_string()),
            Ok(Err(error)) => Some(error.to_string()),
            Err(refusal) => Some(super::refusal::status(&refusal).message().to_owned()),
        }
    }
}

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

fn page(code: u16, kind: &'static str, body: String) -> http::Response<Body> {
    let mut response = http::Response::new(Body::new(Full::new(Bytes::from(body))));
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or_default();
    let kind = http::HeaderValue::from_static(kind);
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    response
}

fn unimplemented(path: &str) -> http::Response<Body> {
    let path = super::metadata::visible(path.trim_start_matches('/'));
    let list = |(service, methods): &(&str, &[&str])| format!("{service} ({})", methods.join(", "));
    let served: Vec<_> = SERVED.iter().map(list).collect();
    let message = format!("avouch does not serve {path}; it serves {}", served.join(", "));
    Status::new(Code::Unimplemented, message).into_http()
}
