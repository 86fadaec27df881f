//! A disk without room, in memory: at every size, the log and the checkpoints fail with an error of
//! the environment, and what was acknowledged is there once there is room again.

mod disk_common;

use avouch_machine::Seq;
use avouch_promise::Blame;
use avouch_store::disk::{Data, Folder, MemoryFolder, Mutant};
use bytes::Bytes;
use disk_common::{IDENTITY, check_prefix, options, record};
use std::sync::Arc;

#[test]
fn a_disk_of_any_size_runs_full_without_losing_what_it_acknowledged() {
    let mut stopped_by_checkpoint = 0;
    for capacity in (10..120).map(|blocks| blocks * 4096) {
        let folder = MemoryFolder::new(1);
        folder.set_capacity(capacity);
        let (mut acknowledged, mut appended) = (0, 0);
        let error = 'life: {
            let opened = Data::open_in(Arc::new(folder.clone()), IDENTITY, options(Mutant::None));
            let mut data = match opened {
                Ok(data) => data,
                Err(error) => break 'life error,
            };
            loop {
                let seq = data.wal.next_seq();
                appended = seq.0;
                match data.wal.append(seq, &record(seq.0, 0)).and_then(|()| data.wal.sync()) {
                    Ok(durable) => acknowledged = durable.0,
                    Err(error) => break 'life error,
                }
                if acknowledged == 9 {
                    let body = [Bytes::from(vec![1; 30_000])];
                    if let Err(error) = data.checkpoints.write(Seq(10), b"", body) {
                        stopped_by_checkpoint += 1;
                        // Nothing was covered, so nothing goes.
                        data.wal.release(Seq(10)).expect("nothing to release");
                        assert_eq!(data.wal.first_seq(), Seq(1));
                        break 'life error;
                    }
                }
            }
        };
        assert_eq!(error.blame, Blame::Environment, "{error}");
        assert!(error.hint.contains("full"), "{error}");
        folder.set_capacity(usize::MAX);
        let data = Data::open_in(Arc::new(folder.clone()), IDENTITY, options(Mutant::None))
            .expect("it opens once there is room");
        check_prefix(&data.log, appended, acknowledged, 0).expect("nothing lost");
        let names = folder.names().expect("names");
        assert!(!names.iter().any(|name| name.contains("temporary")), "{names:?}");
    }
    assert!(stopped_by_checkpoint > 0, "no checkpoint met a full disk");
}
