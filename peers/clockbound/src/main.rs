//! ClockBound's own client reads what `avouch clock audit --publish` writes, while it is written;
//! and ours reads what ClockBound's writer writes.
//!
//! ```text
//!   a time server here --> avouch clock audit --watch --publish PATH --> PATH --> clock-bound-client
//!                                clock-bound-shm's writer --> PATH --> avouch_time::segment
//! ```

use avouch_promise::{Nanos, WallTime};
use avouch_time::interval::Drift;
use avouch_time::ntp::{NtpStamp, Packet};
use avouch_time::segment::{Decoded, Segment, Status};
use clock_bound_client::{ClockBoundClient, ClockStatus};
use clock_bound_shm::{ClockErrorBound, ShmWrite as _, ShmWriter};
use nix::sys::time::{TimeSpec, TimeValLike as _};
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let Some(avouch) = std::env::args().nth(1) else {
        eprintln!("the path of avouch is missing");
        return ExitCode::from(3);
    };
    let folder = std::env::temp_dir().join(format!("avouch-clockbound-{}", std::process::id()));
    let made = std::fs::create_dir_all(&folder).map_err(Failure::from);
    let ours = made.and_then(|()| ours_by_theirs(&avouch, &folder));
    let ran = ours.and_then(|()| theirs_by_ours(&folder));
    let _ = std::fs::remove_dir_all(&folder);
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Tells this host's time as a server of stratum 2 would.
fn serve(socket: &UdpSocket) {
    let mut bytes = [0; 512];
    while let Ok((length, from)) = socket.recv_from(&mut bytes) {
        let receive = NtpStamp::at(WallTime(now()));
        let Ok(request) = Packet::decode(&bytes[..length]) else { continue };
        let mut packet = request.answered(receive, Nanos(15_000));
        packet.transmit = NtpStamp::at(WallTime(now()));
        let _ = socket.send_to(&packet.encode(), from);
    }
}

fn ours_by_theirs(avouch: &str, folder: &Path) -> Result<(), Failure> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let source = socket.local_addr()?.to_string();
    std::thread::spawn(move || serve(&socket));
    let path = folder.join("ours").display().to_string();
    let mut command = Command::new(avouch);
    command.args(["clock", "audit", "--watch", "--interval", "20ms", "--source", &source]);
    command.args(["--format", "json", "--publish", &path]).stdout(Stdio::null());
    let _running = Running(command.spawn()?);
    let mut client = await_client(&path)?;
    let (mut widest, mut reads) = (0, 0);
    for _ in 0..2_000 {
        let before = now();
        let said = client.now().map_err(|error| format!("clock-bound-client: {error:?}"))?;
        let after = now();
        if said.clock_status != ClockStatus::Synchronized {
            return Err(format!("status {:?}", said.clock_status).into());
        }
        let (earliest, latest) = (said.earliest.num_nanoseconds(), said.latest.num_nanoseconds());
        if earliest > after || latest < before {
            return Err(format!("{earliest} to {latest} does not hold {before} to {after}").into());
        }
        widest = widest.max(latest - earliest);
        reads += 1;
        std::thread::sleep(Duration::from_millis(1));
    }
    if !(1..100_000_000).contains(&widest) {
        return Err(format!("an interval of {widest} ns").into());
    }
    println!(
        "clock-bound-client read ours {reads} times while it was written: at most +- {} us wide",
        widest / 2_000
    );
    Ok(())
}

fn await_client(path: &str) -> Result<ClockBoundClient, Failure> {
    let mut failed = String::new();
    for _ in 0..500 {
        match ClockBoundClient::new_with_path(path) {
            Ok(client) => return Ok(client),
            Err(error) => failed = format!("clock-bound-client: {error:?}"),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Err(failed.into())
}

fn theirs_by_ours(folder: &Path) -> Result<(), Failure> {
    let path = folder.join("theirs");
    let mut writer = ShmWriter::new(&path)?;
    for (status, expected) in [
        (ClockStatus::Unknown, Status::Unknown),
        (ClockStatus::Synchronized, Status::Synchronised),
        (ClockStatus::FreeRunning, Status::FreeRunning),
        (ClockStatus::Disrupted, Status::Disrupted),
    ] {
        let (as_of, void) = (TimeSpec::new(100, 7), TimeSpec::new(1_100, 9));
        writer.write(&ClockErrorBound::new(as_of, void, 250_000, 3, 50_000, status, true));
        let expected = Segment {
            as_of: Nanos(100_000_000_007),
            void_after: Nanos(1_100_000_000_009),
            bound: Nanos(250_000),
            disruption_marker: 3,
            drift: Drift::ppm(50),
            status: expected,
            tells_disruptions: true,
        };
        match Segment::decode(&std::fs::read(&path)?) {
            Ok(Decoded::Written(said, _)) if said == expected => {}
            other => return Err(format!("{other:?} is not {expected:?}").into()),
        }
    }
    println!("ours read what clock-bound-shm wrote: 4 of 4");
    Ok(())
}
