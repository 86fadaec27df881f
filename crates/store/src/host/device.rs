//! The device under a node's folder, as the kernel tells of it: how many operations are in its
//! queue on average (`aqu-sz` of `iostat`).
//!
//! Linux keeps for each block device the time that its operations have spent in it, added up
//! (`Documentation/block/stat`, field 11); what was added between two looks, divided by the time
//! between them, is the mean length of the queue. A folder on something that is no block device
//! (memory, a network) has none, and then nothing is told.

use avouch_promise::Nanos;
use std::path::{Path, PathBuf};

/// Which number of the device's line is the time in the queue, in milliseconds.
const TIME_IN_QUEUE: usize = 10;

/// The device under a folder.
#[derive(Debug)]
pub(super) struct Device {
    stat: Option<PathBuf>,
    before: Option<(Nanos, u64)>,
}

impl Device {
    /// The one on which a folder lies.
    pub(super) fn under(folder: &Path) -> Self {
        Self { stat: line_of(folder), before: None }
    }

    /// The mean number of operations in its queue since the last call, in thousandths.
    pub(super) fn queue_milli(&mut self, now: Nanos) -> Option<u32> {
        let line = std::fs::read_to_string(self.stat.as_ref()?).ok()?;
        let waited_ms = time_in_queue(&line)?;
        let (at, before_ms) = self.before.replace((now, waited_ms))?;
        mean(waited_ms.checked_sub(before_ms)?, now.minus(at))
    }
}

/// Where the kernel tells of a folder's device.
#[cfg(target_os = "linux")]
fn line_of(folder: &Path) -> Option<PathBuf> {
    let device = rustix::fs::stat(folder).ok()?.st_dev;
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    let path = PathBuf::from(format!("/sys/dev/block/{major}:{minor}/stat"));
    path.exists().then_some(path)
}

#[cfg(not(target_os = "linux"))]
fn line_of(_: &Path) -> Option<PathBuf> {
    None
}

fn time_in_queue(line: &str) -> Option<u64> {
    line.split_whitespace().nth(TIME_IN_QUEUE)?.parse().ok()
}

/// So many milliseconds of operations within so much time, in thousandths of an operation.
fn mean(waited_ms: u64, time: Nanos) -> Option<u32> {
    let milli = waited_ms.saturating_mul(1_000_000_000).checked_div(time.0)?;
    Some(u32::try_from(milli).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_queue_is_the_time_waited_by_the_time_that_passed() {
        // A line as a kernel gave it: of seventeen numbers the eleventh.
        let line = "  226954 9936 16584386 461878 102192 156981 95423224 342435 0 45076 812894 1 2 \
                    3 4 5 6\n";
        assert_eq!(time_in_queue(line), Some(812_894));
        assert_eq!(time_in_queue("1 2 3"), None);
        assert_eq!(mean(250, Nanos::from_millis(250)), Some(1_000), "one at a time");
        assert_eq!(mean(2_000, Nanos::from_millis(250)), Some(8_000));
        assert_eq!(mean(5, Nanos::ZERO), None);
        assert_eq!(mean(u64::MAX, Nanos(1)), Some(u32::MAX));
    }

    #[test]
    #[cfg(target_os = "linux")]
    //= §4.1.2 disk-saturation test
    fn a_folders_device_tells_of_its_queue_where_there_is_one() {
        let folder = std::env::temp_dir();
        let mut device = Device::under(&folder);
        if device.stat.is_none() {
            println!("skipped: {} lies on no block device", folder.display());
            return;
        }
        assert_eq!(device.queue_milli(Nanos::ZERO), None, "a mean needs two looks");
        let queue = device.queue_milli(Nanos::from_secs(1));
        assert!(queue.is_some_and(|milli| milli < 1_000_000), "{queue:?}");
    }
}
