//! A session's file: the highest hybrid stamp that its answers had, which the next request carries,
//! whichever node it goes to. One line, the stamp's 16 hexadecimal digits.
//!
//! Commands of one session may run at once: each reads the file under a lock before it replaces it,
//! so a stamp in it never falls. A file that is not one is refused before anything is sent.

use avouch_promise::{Blame, Error};
use avouch_time::hybrid::Stamp;
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

const NOT_SENT: &str = "nothing was sent; name another file with --session";
/// A stamp, a newline, and some blanks.
const LENGTH_MAX: u64 = 64;

/// The file of one session.
#[derive(Debug)]
pub struct Session {
    path: PathBuf,
    file: File,
    stamp: Option<Stamp>,
}

impl Session {
    /// Opens the file at `path`, or makes an empty one.
    ///
    /// # Errors
    /// `Caller` when it is no session's file; `Environment` when it cannot be read and written.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let fails = |error: &io::Error| failed(path, error).hint(NOT_SENT);
        if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
            let expected = format!("a session's file at {}", path.display());
            let got = "a folder, a device, a pipe or a socket";
            return Err(Error::new(Blame::Caller, expected, got).hint(NOT_SENT));
        }
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(|error| fails(&error))?;
        flock(&file, FlockOperation::LockShared).map_err(|error| fails(&error.into()))?;
        let stamp = read(&mut file, path).map_err(|error| error.hint(NOT_SENT))?;
        flock(&file, FlockOperation::Unlock).map_err(|error| fails(&error.into()))?;
        Ok(Self { path: path.to_owned(), file, stamp })
    }

    /// The stamp that the next answer has to follow.
    pub fn stamp(&self) -> Option<Stamp> {
        self.stamp
    }

    /// Keeps an answer's stamp, if it is higher than what the file holds by now.
    ///
    /// # Errors
    /// `Peer` when it does not follow the one that was sent; `Environment` when it cannot be kept.
    pub fn follow(&self, stamp: Stamp) -> Result<(), Error> {
        if let Some(sent) = self.stamp
            && stamp <= sent
        {
            let expected = format!("a stamp above {sent}, which was sent");
            return Err(Error::new(Blame::Peer, expected, stamp.to_string()));
        }
        let fails = |error: &io::Error| failed(&self.path, error);
        let mut file = self.file.try_clone().map_err(|error| fails(&error))?;
        flock(&file, FlockOperation::LockExclusive).map_err(|error| fails(&error.into()))?;
        let kept = read(&mut file, &self.path)?;
        let written = if kept.is_some_and(|kept| kept >= stamp) {
            Ok(())
        } else {
            // All lines are of one length, so a line over a line is never half of each in length;
            // one write puts it there.
            file.rewind().and_then(|()| file.write_all(format!("{stamp}\n").as_bytes()))
        };
        let unlocked = flock(&file, FlockOperation::Unlock).map_err(io::Error::from);
        written.and(unlocked).map_err(|error| fails(&error))
    }
}

/// What the file holds.
fn read(file: &mut File, path: &Path) -> Result<Option<Stamp>, Error> {
    let mut text = String::new();
    let begun = file.rewind().and_then(|()| file.take(LENGTH_MAX).read_to_string(&mut text));
    let wrong = |got: &str| {
        let expected = format!("a session's file at {}: one stamp, 16 digits", path.display());
        Error::new(Blame::Caller, expected, got)
    };
    match begun {
        Ok(_) if text.trim().is_empty() => Ok(None),
        Ok(_) => text.trim().parse().map(Some).map_err(|_| wrong("something else")),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(wrong("no text")),
        Err(error) => Err(failed(path, &error)),
    }
}

fn failed(path: &Path, error: &io::Error) -> Error {
    let expected = format!("to keep a session's stamp in {}", path.display());
    Error::new(Blame::Environment, expected, error.to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_session_keeps_the_highest_stamp_whoever_writes_it() {
        let path = std::env::temp_dir().join(format!("avouch-session-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let (one, other) = (Session::open(&path).unwrap(), Session::open(&path).unwrap());
        assert_eq!(one.stamp(), None);
        one.follow(Stamp(7)).unwrap();
        other.follow(Stamp(5)).unwrap();
        let next = Session::open(&path).unwrap();
        assert_eq!(next.stamp(), Some(Stamp(7)), "a late answer does not take it back");
        assert_eq!(next.follow(Stamp(7)).unwrap_err().blame, Blame::Peer);
        next.follow(Stamp(8)).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "0000000000000008\n");
        for bad in ["12", "0000000000000008 0000000000000009", "\u{fe}", &"x".repeat(99)] {
            std::fs::write(&path, bad).unwrap();
            assert_eq!(Session::open(&path).unwrap_err().blame, Blame::Caller, "{bad}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), bad, "it is left as it was");
        }
        std::fs::write(&path, [0xff; 5]).unwrap();
        assert!(Session::open(&path).is_err());
        std::fs::remove_file(&path).unwrap();
        assert_eq!(Session::open(&std::env::temp_dir()).unwrap_err().blame, Blame::Caller);
    }
}
