//! A segment of shared memory as a file, read.

use avouch_time::segment::{Decoded, GENERATION_AT, SEGMENT_BYTES, Segment};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Duration;

/// How often a segment that is being written is looked at again.
const LOOKS: usize = 100;

/// What stands in the segment at a path, no half of a write.
///
/// # Errors
/// In words, what hinders.
pub fn read(path: &Path) -> Result<Segment, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    for _ in 0..LOOKS {
        let mut bytes = [0; SEGMENT_BYTES];
        let length = file.read_at(&mut bytes, 0).map_err(|error| error.to_string())?;
        match Segment::decode(&bytes[..length]).map_err(|why| why.to_string())? {
            Decoded::Empty => return Err("nothing was ever written to it".to_owned()),
            Decoded::Writing => std::thread::park_timeout(Duration::from_millis(1)),
            Decoded::Written(segment, generation) => {
                let mut after = [0; 2];
                file.read_exact_at(&mut after, GENERATION_AT as u64)
                    .map_err(|error| error.to_string())?;
                if u16::from_ne_bytes(after) == generation {
                    return Ok(segment);
                }
            }
        }
    }
    Err("its writer stopped while it wrote".to_owned())
}
