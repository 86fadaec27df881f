//! A node: its log and checkpoints on disk, its wire interfaces, its composition.

pub mod campaign;
pub mod clock;
pub mod disk;
pub mod host;
pub mod node;
pub mod wire;
