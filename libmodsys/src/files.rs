// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files that a root process reads for others, or leaves behind for later.
//!
//! ```
//! use std::io::Write;
//! use libmodsys::files;
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("kallsyms");
//! files::create_private(&path)?.write_all(b"ffffffff81000000 T _stext\n")?;
//! assert!(files::is_own_directory(folder.path()));
//! # Ok::<(), std::io::Error>(())
//! ```

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Opens a file for reading if it is a regular one, after following symbolic links. Whoever names a file, or
/// puts one where it is looked for, must not be able to make this process wait (FIFO, terminal), read without
/// end (`/dev/zero`) or trigger what opening a device does.
///
/// # Errors
/// The system's; `EISDIR` for a directory; an error of kind [`io::ErrorKind::InvalidInput`] for anything else
/// that is not a regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    // A device is not even opened, unless it takes the file's place at this moment.
    regular(&fs::metadata(path)?)?;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits());
    let file = options.open(path)?;
    regular(&file.metadata()?)?;
    Ok(file)
}

/// Waits until something can be read, or the file has ended, for so long at most (a minute at the longest).
/// False if there is nothing yet. After an error it is true, since a read says what is wrong.
#[must_use]
pub fn has_input(file: impl AsFd, wait: Duration) -> bool {
    let mut wanted = [PollFd::new(file.as_fd(), PollFlags::POLLIN)];
    let wait = u16::try_from(wait.as_millis()).unwrap_or(60_000);
    poll(&mut wanted, PollTimeout::from(wait)) != Ok(0)
}

/// Opens a regular file for reading, as [`open_regular`] does, but not what a symbolic link leads to.
///
/// # Errors
/// As those of [`open_regular`]; `ELOOP` for a link.
pub fn open_no_link(path: &Path) -> io::Result<File> {
    let found = fs::symlink_metadata(path)?;
    if found.is_symlink() {
        return Err(Errno::ELOOP.into());
    }
    regular(&found)?;
    let mut options = OpenOptions::new();
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_NOFOLLOW;
    let file = options.read(true).custom_flags(flags.bits()).open(path)?;
    regular(&file.metadata()?)?;
    Ok(file)
}

/// Whether a file or directory belongs to root, or to this user, and nobody else may write to it.
#[must_use]
pub fn is_trusted(found: &Metadata) -> bool {
    (found.uid() == 0 || found.uid() == effective_user()) && found.mode() & 0o022 == 0
}

fn regular(found: &Metadata) -> io::Result<()> {
    if found.is_dir() {
        return Err(Errno::EISDIR.into());
    }
    if !found.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    Ok(())
}

/// Reads a regular file of at most `limit` bytes. See [`open_regular`].
///
/// # Errors
/// Those of [`open_regular`]; `EFBIG` for a larger file.
pub fn read_regular(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = open_regular(path)?;
    if file.metadata()?.len() > limit {
        return Err(Errno::EFBIG.into());
    }
    let mut content = Vec::new();
    // Files in /proc have no size, and any file may grow.
    file.take(limit.saturating_add(1)).read_to_end(&mut content)?;
    if u64::try_from(content.len()).is_ok_and(|length| length > limit) {
        return Err(Errno::EFBIG.into());
    }
    Ok(content)
}

/// Creates or truncates a file that only this user may read (mode 0600). A symbolic link in its place is an
/// error: it is not followed.
///
/// # Errors
/// The system's.
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.custom_flags(OFlag::O_NOFOLLOW.bits()).open(path)
}

/// Whether this is a directory, not a link to one, that belongs to this user and that nobody else may write
/// to: then only this user can have put there what is in it.
#[must_use]
pub fn is_own_directory(path: &Path) -> bool {
    fs::symlink_metadata(path)
        .is_ok_and(|found| found.is_dir() && found.uid() == effective_user() && found.mode() & 0o022 == 0)
}

/// Creates a directory, and those above it, with this mode. One that is there already is fine.
///
/// # Errors
/// The system's.
pub fn create_directory(path: &Path, mode: u32) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(mode).create(path)
}

/// Replaces a file at once: whoever reads it sees the old content or the new one. The new file has the owner
/// and the mode of the old one; if there was none, only this user may read it (mode 0600). That also holds if
/// somebody else may have put the old one there, as where others may write to the directory, and for a link.
///
/// # Errors
/// The system's; the old file is still there.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let is_ours = path.parent().is_some_and(is_own_directory);
    let old = fs::symlink_metadata(path).ok().filter(|old| is_ours && old.is_file());
    rename_over(path, content, old)
}

/// Replaces a file at once, as [`replace`] does; only this user may read the new one (mode 0600), whoever
/// could read the old one.
///
/// # Errors
/// The system's; the old file is still there.
pub fn replace_private(path: &Path, content: &[u8]) -> io::Result<()> {
    rename_over(path, content, None)
}

/// Replaces the content of a file that the user named, at once, as [`replace`] does. Links are followed, and
/// the file keeps owner and mode, wherever it is.
///
/// # Errors
/// The system's; the old file is still there. If there is none, none is made.
pub fn rewrite(path: &Path, content: &[u8]) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let old = fs::symlink_metadata(&path)?;
    regular(&old)?;
    rename_over(&path, content, Some(old))
}

fn rename_over(path: &Path, content: &[u8], old: Option<Metadata>) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    let new = PathBuf::from(name);
    let written = write_new(&new, content, old).and_then(|()| fs::rename(&new, path));
    written.inspect_err(|_| {
        // What is left of it is of no use to anyone.
        let _ = fs::remove_file(&new);
    })
}

fn write_new(path: &Path, content: &[u8], replaced: Option<Metadata>) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    if let Some(replaced) = replaced {
        fchown(&file, Some(replaced.uid()), Some(replaced.gid()))?;
        file.set_permissions(replaced.permissions())?;
    }
    file.write_all(content)?;
    file.sync_all()
}

/// The user that the system goes by when this process opens a file.
pub(crate) fn effective_user() -> u32 {
    nix::unistd::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn only_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let link = folder.path().join("link");
        symlink("/dev/zero", &link).unwrap();
        for path in [&fifo, &link, Path::new("/dev/null")] {
            let error = read_regular(path, 10).unwrap_err();
            assert_eq!(
                (error.kind(), &*error.to_string()),
                (io::ErrorKind::InvalidInput, "not a regular file")
            );
        }
        assert_eq!(read_regular(folder.path(), 10).unwrap_err().raw_os_error(), Some(Errno::EISDIR as i32));
        let file = folder.path().join("file");
        fs::write(&file, "0123456789").unwrap();
        assert_eq!(read_regular(&file, 10).unwrap(), b"0123456789");
        assert_eq!(read_regular(&file, 9).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(
            read_regular(Path::new("/proc/self/stat"), 9).unwrap_err().kind(),
            io::ErrorKind::FileTooLarge
        );
        File::create(&file).unwrap().set_len(1 << 40).unwrap();
        assert!(read_regular(&file, 1 << 20).is_err(), "a hole costs nothing to make");
    }

    #[test]
    fn private_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        create_private(&path).unwrap().write_all(b"old").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(mode(&path), 0o600);
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(create_private(&link).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }

    #[test]
    fn a_replaced_file_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        replace(&path, b"one").unwrap();
        assert_eq!(mode(&path), 0o600);
        fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!((fs::read(&path).unwrap(), mode(&path)), (b"two".to_vec(), 0o640));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(replace(&folder.path().join("no/such"), b"").is_err());
        // A link gives neither its target's mode, nor the content away.
        let readable = folder.path().join("readable");
        fs::write(&readable, "x").unwrap();
        fs::set_permissions(&readable, PermissionsExt::from_mode(0o666)).unwrap();
        fs::remove_file(&path).unwrap();
        symlink(&readable, &path).unwrap();
        replace(&path, b"three").unwrap();
        assert_eq!((fs::read(&readable).unwrap(), mode(&path)), (b"x".to_vec(), 0o600));
        // Others may have made the file if they may write to its directory.
        fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
        replace(&path, b"four").unwrap();
        assert_eq!((fs::read(&path).unwrap(), mode(&path)), (b"four".to_vec(), 0o600));
    }

    #[test]
    fn a_rewritten_file_keeps_its_mode_behind_a_link_too() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        assert!(rewrite(&path, b"none").is_err());
        fs::write(&path, "one").unwrap();
        symlink("file", &link).unwrap();
        // A build directory that a group may write to.
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o775)).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        for (name, content) in [(&path, b"two"), (&link, b"new")] {
            rewrite(name, content).unwrap();
            assert_eq!((fs::read(&path).unwrap(), mode(&path)), (content.to_vec(), 0o644));
        }
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn directories_of_others_are_not_our_own() {
        let folder = tempfile::tempdir().unwrap();
        assert!(is_own_directory(folder.path()));
        let link = folder.path().join("link");
        symlink(folder.path(), &link).unwrap();
        assert!(!is_own_directory(&link) && !is_own_directory(Path::new("/no/such")));
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
        assert!(!is_own_directory(folder.path()));
    }
}
