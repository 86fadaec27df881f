//! What a step may know of the world outside its state and its event.

use avouch_promise::{Interval, Nanos, NodeId, Signature, Wall};

/// The environment of one step, sampled after its event was received.
pub trait Env {
    /// This node's monotonic clock. It starts again at any value when the node starts.
    fn monotonic(&self) -> Nanos;
    /// This node's wall clock with its stated bound.
    fn wall(&self) -> Interval;
    /// The same with the class of its bound, and why.
    fn clock(&self) -> Wall {
        Wall::stated(self.wall())
    }
    /// A choice of one in `0..count`: the simulator draws it from its seed, the explorer takes
    /// every one in turn, a node asks the operating system. `count` is at least 1.
    fn choose(&mut self, count: u32) -> u32;
    /// Signs as this node.
    fn sign(&mut self, message: &[u8]) -> Signature;
    /// Whether `signature` is `signer`'s over `message`.
    fn verify(&self, signer: NodeId, message: &[u8], signature: &Signature) -> bool;
}
