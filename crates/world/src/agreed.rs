//! The small protocols of `agreement` as the world runs them: nodes that watch each other, and
//! consensus by a rotating coordinator. Neither has checkpoints.

use crate::simulated::Simulated;
use avouch_agreement::detector::Watching;
use avouch_agreement::rotating::Rotating;
use bytes::Bytes;

impl Simulated for Watching {
    fn image_bytes((): &()) -> Bytes {
        Bytes::new()
    }
}

impl Simulated for Rotating {
    fn image_bytes((): &()) -> Bytes {
        Bytes::new()
    }
}
