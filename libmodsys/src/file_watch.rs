// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waits until a file has changed.
//!
//! Compilers and `make` replace files, or write them piece by piece. So the folder is watched, and a change
//! counts once nothing has happened for a while.
//!
//! ```no_run
//! use std::time::Duration;
//! use libmodsys::FileWatch;
//!
//! let mut watch = FileWatch::new("meter.ko".as_ref())?;
//! loop {
//!     watch.wait(Duration::from_millis(200))?;
//!     println!("meter.ko is another one now");
//! }
//! # #[expect(unreachable_code)]
//! # Ok::<(), std::io::Error>(())
//! ```

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

/// Time between two looks at a folder that is not there.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);

/// Waits for changes of one file.
#[derive(Debug)]
pub struct FileWatch {
    inotify: Inotify,
    folder: PathBuf,
    name: OsString,
    path: PathBuf,
    seen: Option<Stamp>,
}

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    /// Something with the file, or with the whole folder.
    OfFile,
    OfOther,
    /// Nothing in that time.
    None,
}

/// What differs between a file and the next one of its name.
type Stamp = (u64, u64, u64, i64, i64);

impl FileWatch {
    /// Watches a file, which need not be there yet. As it is now, it counts as seen.
    ///
    /// # Errors
    /// The system's: its folder is not there, or there are too many watches.
    pub fn new(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(Errno::EISDIR.into());
        };
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        let watch = Self {
            inotify,
            folder: folder.to_owned(),
            name: name.to_owned(),
            seen: stamp(&path),
            path: path.clone(),
        };
        watch.add()?;
        Ok(watch)
    }

    fn add(&self) -> Result<(), Errno> {
        let flags = AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_MODIFY
            | AddWatchFlags::IN_CLOSE_WRITE
            | AddWatchFlags::IN_MOVED_TO
            | AddWatchFlags::IN_ATTRIB
            | AddWatchFlags::IN_DELETE_SELF
            | AddWatchFlags::IN_MOVE_SELF
            | AddWatchFlags::IN_ONLYDIR;
        self.inotify.add_watch(&self.folder, flags).map(drop)
    }

    /// Waits until the file is another one than last time, and nothing has happened to it for `quiet`.
    ///
    /// # Errors
    /// The system's.
    pub fn wait(&mut self, quiet: Duration) -> io::Result<()> {
        // It may have changed since the last time.
        loop {
            self.wait_until_quiet(quiet)?;
            let now = stamp(&self.path);
            if now.is_some() && now != self.seen {
                self.seen = now;
                return Ok(());
            }
            while self.next_event(None)? != Event::OfFile {}
        }
    }

    fn wait_until_quiet(&self, quiet: Duration) -> io::Result<()> {
        let mut last = Instant::now();
        loop {
            match self.next_event(Some(quiet.saturating_sub(last.elapsed())))? {
                Event::OfFile => last = Instant::now(),
                Event::OfOther => {}
                Event::None => return Ok(()),
            }
        }
    }

    /// Waits until something happens in the folder; for `limit` at most.
    fn next_event(&self, limit: Option<Duration>) -> io::Result<Event> {
        let timeout =
            limit.map_or(PollTimeout::NONE, |limit| PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX));
        match poll(&mut [PollFd::new(self.inotify.as_fd(), PollFlags::POLLIN)], timeout) {
            Ok(0) => return Ok(Event::None),
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok(Event::OfOther),
            Err(errno) => return Err(errno.into()),
        }
        let events = match self.inotify.read_events() {
            Ok(events) => events,
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(Event::OfOther),
            Err(errno) => return Err(errno.into()),
        };
        let mut found = Event::OfOther;
        for event in events {
            let lost = AddWatchFlags::IN_IGNORED | AddWatchFlags::IN_MOVE_SELF;
            if event.mask.intersects(lost) {
                // The folder is gone: another one will come.
                while self.add().is_err() {
                    std::thread::sleep(RETRY_INTERVAL);
                }
                found = Event::OfFile;
            }
            if event.name.is_none_or(|name| name == self.name) {
                found = Event::OfFile;
            }
        }
        Ok(found)
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let of = |found: Metadata| (found.dev(), found.ino(), found.size(), found.mtime(), found.mtime_nsec());
    fs::metadata(path).ok().map(of)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    const QUIET: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn each_change_is_seen_once() {
        let folder = tempfile::tempdir().unwrap();
        let build = folder.path().join("build");
        fs::create_dir(&build).unwrap();
        let path = build.join("foo.ko");
        fs::write(&path, "old").unwrap();
        let mut watch = FileWatch::new(&path).unwrap();
        let (seen, changes) = mpsc::channel();
        thread::spawn(move || {
            while watch.wait(QUIET).is_ok() {
                if seen.send(()).is_err() {
                    break;
                }
            }
        });
        let change = || changes.recv_timeout(LONG).unwrap();
        let nothing = || assert!(changes.recv_timeout(QUIET * 5).is_err());
        nothing();
        // In place, and by another file.
        fs::write(&path, "new, in place").unwrap();
        change();
        fs::write(build.join("foo.ko.tmp"), "another").unwrap();
        nothing();
        fs::rename(build.join("foo.ko.tmp"), &path).unwrap();
        change();
        fs::remove_file(&path).unwrap();
        nothing();
        fs::write(&path, "anew").unwrap();
        change();
        // With its folder.
        fs::remove_dir_all(&build).unwrap();
        thread::sleep(QUIET);
        fs::create_dir(&build).unwrap();
        fs::write(&path, "in another folder").unwrap();
        change();
        nothing();
    }

    #[test]
    fn a_file_that_never_can_be() {
        assert!(FileWatch::new("/no/such/foo.ko".as_ref()).is_err());
        assert!(FileWatch::new("/".as_ref()).is_err());
    }
}
