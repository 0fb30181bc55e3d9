// SPDX-License-Identifier: MIT OR Apache-2.0
//! A directory that only this user can have put files into.
//!
//! `/var/log` often belongs to a group that may write to it. Whoever is in that group can plant a
//! directory, a link or a FIFO where a root process is about to write. So the directory is opened once,
//! without following links that others may have made, and checked; its files are then opened relative to it
//! and checked as well.
//!
//! ```
//! use std::io::Write;
//! use std::os::unix::fs::PermissionsExt;
//! use libmodsys::PrivateDirectory;
//!
//! # let folder = tempfile::tempdir()?;
//! let path = folder.path().canonicalize()?;
//! let directory = PrivateDirectory::open(&path)?.ok_or("there is none")?;
//! directory.append("log")?.write_all(b"one\n")?;
//! directory.append("log")?.write_all(b"two\n")?;
//! assert_eq!(std::fs::read(path.join("log"))?, b"one\ntwo\n");
//!
//! std::fs::set_permissions(&path, PermissionsExt::from_mode(0o775))?;
//! let error = PrivateDirectory::open(&path).unwrap_err();
//! assert!(error.to_string().ends_with("others may write to it (mode 0775)"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{File, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, openat, openat2, readlinkat};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, unlinkat};

use crate::error::{errno_text, io_errno};
use crate::files::effective_user;

/// A path that is made of more links has a loop in it.
const MAX_LINKS: usize = 16;

/// Mode bits that let others write.
const OTHERS_WRITE: u32 = 0o022;
/// Mode bits that let others do anything.
const OTHERS: u32 = 0o077;

/// Why a directory or a file in it is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateFileError {
    /// Somebody else may have made it, or may read or write it.
    #[error("{}: {flaw}", path.display())]
    Unsafe {
        /// Its path.
        path: PathBuf,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// The system refused.
    #[error("{}: {}", path.display(), errno_text(*errno))]
    System {
        /// Its path.
        path: PathBuf,
        /// Why.
        errno: Errno,
    },
}

/// What makes a directory or file unsafe to write to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// It is a symbolic link.
    Link,
    /// It is not a directory.
    NotDirectory,
    /// It is not a regular file.
    NotRegular,
    /// It belongs to this other user.
    Owner(u32),
    /// Others may write to this directory, or read or write this file; its mode.
    Mode {
        /// The permission bits.
        mode: u32,
        /// It is a directory.
        directory: bool,
    },
    /// A file with this many names: another one may be anywhere.
    HardLinks(u64),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link => f.write_str("it is a symbolic link"),
            Self::NotDirectory => f.write_str("it is not a directory"),
            Self::NotRegular => f.write_str("it is not a regular file"),
            Self::Owner(user) => write!(f, "it belongs to user {user}"),
            Self::Mode { mode, directory: true } => write!(f, "others may write to it (mode {mode:04o})"),
            Self::Mode { mode, directory: false } => {
                write!(f, "others may read or write it (mode {mode:04o})")
            }
            Self::HardLinks(count) => write!(f, "it has {count} names (hard links)"),
        }
    }
}

/// An open directory that belongs to this user and that nobody else may write to.
#[derive(Debug)]
pub struct PrivateDirectory {
    directory: File,
    path: PathBuf,
}

impl PrivateDirectory {
    /// Opens it; `None` if there is none. A link on the way to it is followed only if nobody else can have
    /// made it; the directory itself must not be a link.
    ///
    /// # Errors
    /// [`PrivateFileError`]
    pub fn open(path: &Path) -> Result<Option<Self>, PrivateFileError> {
        let failed = |errno| PrivateFileError::System { path: path.to_owned(), errno };
        let flawed = |flaw| PrivateFileError::Unsafe { path: path.to_owned(), flaw };
        let directory = match open_without_links(path) {
            Some(directory) => directory,
            None => match follow(path)? {
                Some(directory) => directory,
                None => return Ok(None),
            },
        };
        let metadata = directory.metadata().map_err(|error| failed(io_errno(&error)))?;
        if metadata.uid() != effective_user() {
            return Err(flawed(Flaw::Owner(metadata.uid())));
        }
        if metadata.mode() & OTHERS_WRITE != 0 {
            return Err(flawed(Flaw::Mode { mode: metadata.mode() & 0o7777, directory: true }));
        }
        Ok(Some(Self { directory, path: path.to_owned() }))
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a file for reading and appending. A new one gets mode 0600; one that is there must be a regular
    /// file of this user's with one name, and closed to others.
    ///
    /// # Errors
    /// [`PrivateFileError`]
    pub fn append(&self, name: &str) -> Result<File, PrivateFileError> {
        if let Some(file) = self.append_existing(name)? {
            return Ok(file);
        }
        match self.new_file(name, OFlag::O_RDWR | OFlag::O_APPEND) {
            // Another process of this user's was faster.
            Err(Errno::EEXIST) => self.append_existing(name)?.ok_or_else(|| self.failed(name, Errno::ENOENT)),
            file => file.map_err(|errno| self.failed(name, errno)),
        }
    }

    /// As [`PrivateDirectory::append`], but creates nothing; `None` if there is no such file.
    ///
    /// # Errors
    /// [`PrivateFileError`]
    pub fn append_existing(&self, name: &str) -> Result<Option<File>, PrivateFileError> {
        let flags = OFlag::O_RDWR | OFlag::O_APPEND | SAFE;
        let file = match openat(&self.directory, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::ENOENT) => return Ok(None),
            Err(Errno::ELOOP) => return Err(self.flawed(name, Flaw::Link)),
            Err(Errno::EISDIR | Errno::ENXIO) => return Err(self.flawed(name, Flaw::NotRegular)),
            Err(errno) => return Err(self.failed(name, errno)),
        };
        let metadata = file.metadata().map_err(|error| self.failed(name, io_errno(&error)))?;
        match file_flaw(&metadata) {
            Some(flaw) => Err(self.flawed(name, flaw)),
            None => Ok(Some(file)),
        }
    }

    /// Creates a file for writing, with mode 0600; `None` if there is something of that name already.
    ///
    /// # Errors
    /// [`PrivateFileError`]
    pub fn create(&self, name: &str) -> Result<Option<File>, PrivateFileError> {
        match self.new_file(name, OFlag::O_WRONLY) {
            Err(Errno::EEXIST) => Ok(None),
            file => file.map(Some).map_err(|errno| self.failed(name, errno)),
        }
    }

    /// Removes a file.
    ///
    /// # Errors
    /// [`PrivateFileError`]
    pub fn remove(&self, name: &str) -> Result<(), PrivateFileError> {
        unlinkat(&self.directory, name, UnlinkatFlags::NoRemoveDir).map_err(|errno| self.failed(name, errno))
    }

    fn new_file(&self, name: &str, access: OFlag) -> Result<File, Errno> {
        let flags = access | OFlag::O_CREAT | OFlag::O_EXCL | SAFE;
        openat(&self.directory, name, flags, Mode::S_IRUSR | Mode::S_IWUSR).map(File::from)
    }

    fn failed(&self, name: &str, errno: Errno) -> PrivateFileError {
        PrivateFileError::System { path: self.path.join(name), errno }
    }

    fn flawed(&self, name: &str, flaw: Flaw) -> PrivateFileError {
        PrivateFileError::Unsafe { path: self.path.join(name), flaw }
    }
}

/// Follows no link, and waits for nobody who might open the other end of a FIFO.
const SAFE: OFlag = OFlag::O_NOFOLLOW.union(OFlag::O_NONBLOCK).union(OFlag::O_NOCTTY).union(OFlag::O_CLOEXEC);

/// Opens a directory in one step; `None` if that is not possible, for whatever reason: a link on the way, no
/// such directory, a kernel before 5.6.
fn open_without_links(path: &Path) -> Option<File> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let how = OpenHow::new().flags(flags).resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
    // The walk begins at the root for any path.
    if !path.is_absolute() {
        return None;
    }
    openat2(AT_FDCWD, path, how).ok().map(File::from)
}

/// Opens a directory step by step, and follows only links that nobody else can have made; `None` if there is
/// none.
fn follow(path: &Path) -> Result<Option<File>, PrivateFileError> {
    let failed = |errno| PrivateFileError::System { path: path.to_owned(), errno };
    let flawed = |flaw| PrivateFileError::Unsafe { path: path.to_owned(), flaw };
    let mut rest: VecDeque<OsString> = components(path);
    let mut directory = root().map_err(failed)?;
    let mut links = 0_usize;
    while let Some(name) = rest.pop_front() {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let found = match openat(&directory, name.as_os_str(), flags, Mode::empty()) {
            Ok(found) => File::from(found),
            Err(Errno::ENOENT) => return Ok(None),
            Err(errno) => return Err(failed(errno)),
        };
        let metadata = found.metadata().map_err(|error| failed(io_errno(&error)))?;
        if metadata.is_dir() {
            directory = found;
            continue;
        }
        if !metadata.is_symlink() {
            return Err(flawed(Flaw::NotDirectory));
        }
        links = links.saturating_add(1);
        let parent = directory.metadata().map_err(|error| failed(io_errno(&error)))?;
        let trusted =
            is_trusted_owner(&metadata) && is_trusted_owner(&parent) && parent.mode() & OTHERS_WRITE == 0;
        if rest.is_empty() || !trusted || links > MAX_LINKS {
            return Err(flawed(Flaw::Link));
        }
        let target = PathBuf::from(readlinkat(&found, "").map_err(failed)?);
        if target.is_absolute() {
            directory = root().map_err(failed)?;
        }
        for name in components(&target).into_iter().rev() {
            rest.push_front(name);
        }
    }
    Ok(Some(directory))
}

fn root() -> Result<File, Errno> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    nix::fcntl::open("/", flags, Mode::empty()).map(File::from)
}

/// The names in a path, `..` included.
fn components(path: &Path) -> VecDeque<OsString> {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name),
        Component::ParentDir => Some(OsStr::new("..")),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    names.map(OsStr::to_owned).collect()
}

fn is_trusted_owner(metadata: &Metadata) -> bool {
    metadata.uid() == 0 || metadata.uid() == effective_user()
}

fn file_flaw(metadata: &Metadata) -> Option<Flaw> {
    let kind = metadata.file_type();
    if !kind.is_file() || kind.is_fifo() {
        return Some(Flaw::NotRegular);
    }
    if metadata.uid() != effective_user() {
        return Some(Flaw::Owner(metadata.uid()));
    }
    if metadata.nlink() != 1 {
        return Some(Flaw::HardLinks(metadata.nlink()));
    }
    let mode = metadata.mode() & 0o7777;
    (mode & OTHERS != 0).then_some(Flaw::Mode { mode, directory: false })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn flaw(result: Result<impl fmt::Debug, PrivateFileError>) -> Flaw {
        match result {
            Err(PrivateFileError::Unsafe { flaw, .. }) => flaw,
            other => panic!("{other:?}"),
        }
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap();
        (folder, path)
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }

    #[test]
    fn directories() {
        let (_folder, path) = folder();
        assert!(PrivateDirectory::open(&path.join("absent/x")).unwrap().is_none());
        let own = path.join("own");
        fs::create_dir(&own).unwrap();
        assert!(PrivateDirectory::open(&own).unwrap().is_some());
        symlink(&own, path.join("link")).unwrap();
        assert_eq!(flaw(PrivateDirectory::open(&path.join("link"))), Flaw::Link);
        fs::write(path.join("file"), "").unwrap();
        assert_eq!(flaw(PrivateDirectory::open(&path.join("file"))), Flaw::NotDirectory);
        for mode in [0o775, 0o707, 0o1777] {
            set_mode(&own, mode);
            assert_eq!(flaw(PrivateDirectory::open(&own)), Flaw::Mode { mode, directory: true });
        }
        if effective_user() != 0 {
            assert_eq!(flaw(PrivateDirectory::open(Path::new("/usr"))), Flaw::Owner(0));
        }
    }

    #[test]
    fn links_on_the_way_must_be_of_trusted_making() {
        let (_folder, path) = folder();
        fs::create_dir_all(path.join("real/own")).unwrap();
        symlink("real", path.join("log")).unwrap();
        symlink("../real/./own/..", path.join("real/up")).unwrap();
        symlink("loop", path.join("loop")).unwrap();
        assert!(PrivateDirectory::open(&path.join("log/own")).unwrap().is_some());
        assert!(PrivateDirectory::open(&path.join("log/up/own")).unwrap().is_some());
        assert_eq!(flaw(PrivateDirectory::open(&path.join("loop/own"))), Flaw::Link);
        // Others could have made that link.
        set_mode(&path, 0o775);
        assert_eq!(flaw(PrivateDirectory::open(&path.join("log/own"))), Flaw::Link);
        assert!(PrivateDirectory::open(&path.join("real/own")).unwrap().is_some());
    }

    #[test]
    fn files() {
        let (_folder, path) = folder();
        let directory = PrivateDirectory::open(&path).unwrap().unwrap();
        assert!(directory.append_existing("new").unwrap().is_none());
        directory.append("new").unwrap().write_all(b"one").unwrap();
        directory.append("new").unwrap().write_all(b"two").unwrap();
        assert_eq!(fs::read(path.join("new")).unwrap(), b"onetwo");
        assert_eq!(fs::metadata(path.join("new")).unwrap().mode() & 0o777, 0o600);
        assert!(directory.create("new").unwrap().is_none());
        assert!(directory.create("other").unwrap().is_some());
        directory.remove("other").unwrap();

        let victim = path.join("victim");
        fs::write(&victim, "untouched").unwrap();
        set_mode(&victim, 0o600);
        symlink(&victim, path.join("link")).unwrap();
        symlink(path.join("nowhere"), path.join("dangling")).unwrap();
        for name in ["link", "dangling"] {
            assert_eq!(flaw(directory.append(name)), Flaw::Link);
            assert!(directory.create(name).unwrap().is_none());
        }
        fs::hard_link(&victim, path.join("second")).unwrap();
        assert_eq!(flaw(directory.append("second")), Flaw::HardLinks(2));
        set_mode(&path.join("new"), 0o644);
        assert_eq!(flaw(directory.append("new")), Flaw::Mode { mode: 0o644, directory: false });
        fs::create_dir(path.join("folder")).unwrap();
        assert_eq!(flaw(directory.append("folder")), Flaw::NotRegular);
        let fifo = std::process::Command::new("mkfifo").arg(path.join("fifo")).status();
        if fifo.is_ok_and(|status| status.success()) {
            set_mode(&path.join("fifo"), 0o600);
            assert_eq!(flaw(directory.append("fifo")), Flaw::NotRegular);
        }
        assert_eq!(fs::read(victim).unwrap(), b"untouched");
        assert!(!path.join("nowhere").exists());
    }
}
