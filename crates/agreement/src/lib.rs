//! Agreement on a log: ballot leader election and Sequence Paxos.
