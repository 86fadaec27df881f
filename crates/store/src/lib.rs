//! A node: its log and checkpoints on disk, its wire interfaces, its composition.

pub mod disk;
pub mod wire;
