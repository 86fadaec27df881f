//! The wire interfaces: etcd v3 over gRPC.
pub mod proto;
