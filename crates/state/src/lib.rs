//! Data and its merging: MVCC with the semantics of etcd v3.
