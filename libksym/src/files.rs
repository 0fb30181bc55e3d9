// SPDX-License-Identifier: MIT OR Apache-2.0
//! Opens files whose names, or whose content, somebody else chose.
//!
//! A log or a journal may name any path, and anything may be where a file is looked for. So only regular
//! files are opened, and below a root directory symbolic links are followed as if that were `/`.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

/// `O_NONBLOCK` (include/uapi/asm-generic/fcntl.h, and those of arch/ that differ).
const O_NONBLOCK: i32 = if cfg!(any(target_arch = "mips", target_arch = "mips64")) {
    0o200
} else if cfg!(any(target_arch = "sparc", target_arch = "sparc64")) {
    0o40000
} else {
    0o4000
};

/// As many links are followed as by the kernel (`MAXSYMLINKS`, include/linux/namei.h).
const MAX_LINKS: usize = 40;

/// Opens a file for reading if it is a regular one, after following symbolic links. It does not wait for the
/// other end of a FIFO, and opens no device.
///
/// # Errors
/// The system's; an error of kind [`io::ErrorKind::InvalidInput`] for what is not a regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    // A device is not even opened, unless it takes the file's place at this moment.
    regular(&fs::metadata(path)?)?;
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(O_NONBLOCK).open(path)?;
    regular(&file.metadata()?)?;
    Ok(file)
}

fn regular(found: &Metadata) -> io::Result<()> {
    if found.is_file() {
        Ok(())
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
    }
}

/// Returns the path in this system of a path in the system whose root directory is `root`. Symbolic links
/// below `root` are followed there: absolute ones start at `root`, and `..` does not lead out of it.
///
/// The result names no link, so opening it stays below `root`, unless somebody replaces a directory by a link
/// at this very moment. What does not exist is not an error here. For the root `/` the path is returned as it
/// is.
///
/// ```
/// use std::path::Path;
///
/// use libksym::files::below_root;
///
/// assert_eq!(below_root(Path::new("/no/such"), Path::new("/../etc/./x")), Path::new("/no/such/etc/x"));
/// ```
#[must_use]
pub fn below_root(root: &Path, path: &Path) -> PathBuf {
    if root == Path::new("/") {
        return root.join(path);
    }
    let mut pending: VecDeque<OsString> = VecDeque::new();
    push_front(&mut pending, path);
    let mut found = PathBuf::new();
    let mut links = 0;
    while let Some(part) = pending.pop_front() {
        if part == ".." {
            found.pop();
            continue;
        }
        match fs::read_link(root.join(&found).join(&part)) {
            Ok(target) if links < MAX_LINKS => {
                links += 1;
                if target.is_absolute() {
                    found = PathBuf::new();
                }
                push_front(&mut pending, &target);
            }
            // A circle of links. There is nothing of this name below it.
            Ok(_) => return root.join(&found).join(&part).join("too many links"),
            Err(_) => found.push(part),
        }
    }
    root.join(found)
}

fn push_front(pending: &mut VecDeque<OsString>, path: &Path) {
    for part in path.components().rev() {
        match part {
            Component::Normal(name) => pending.push_front(name.to_owned()),
            Component::ParentDir => pending.push_front("..".into()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
}

/// As [`below_root`], for a path in this system: if it is below `root`, it stays there.
#[must_use]
pub(crate) fn kept_below_root(root: &Path, path: &Path) -> PathBuf {
    match path.strip_prefix(root) {
        Ok(inside) if root.is_absolute() && root != Path::new("/") => below_root(root, inside),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_stay_below_the_root() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("disk");
        fs::create_dir_all(root.join("usr/lib")).unwrap();
        symlink("/usr/lib", root.join("lib")).unwrap();
        symlink("../../../../../../etc", root.join("usr/up")).unwrap();
        symlink("circle", root.join("circle")).unwrap();
        symlink("lib/../x", root.join("usr/relative")).unwrap();
        for (path, wanted) in [
            ("/lib/foo.ko", "usr/lib/foo.ko"),
            ("lib/foo.ko", "usr/lib/foo.ko"),
            ("/usr/up/passwd", "etc/passwd"),
            ("/../../etc/passwd", "etc/passwd"),
            ("/lib/../../../etc", "etc"),
            ("/usr/relative", "usr/x"),
            ("/circle", "circle/too many links"),
            ("/missing/../x", "x"),
        ] {
            assert_eq!(below_root(&root, Path::new(path)), root.join(wanted), "{path}");
        }
        assert_eq!(below_root(Path::new("/"), Path::new("/a/../b")), Path::new("/a/../b"));
        assert_eq!(kept_below_root(&root, &root.join("lib/x")), root.join("usr/lib/x"));
        assert_eq!(kept_below_root(&root, Path::new("/lib/x")), Path::new("/lib/x"));
    }

    #[test]
    fn only_regular_files_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        for path in [&fifo, folder.path(), Path::new("/dev/zero")] {
            assert_eq!(open_regular(path).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        }
        let link = folder.path().join("link");
        symlink("/proc/self/stat", &link).unwrap();
        assert!(open_regular(&link).is_ok());
    }
}
