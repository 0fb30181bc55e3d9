// SPDX-License-Identifier: MIT OR Apache-2.0
//! Modules with persistent data as they were loaded, so that a reload finds its way back: by then `make` has
//! overwritten the file.
//!
//! insmod leaves two files under `/run` for each such load. `OWNER.ko` is the module's file, decompressed,
//! without debug information. `OWNER` says which load it is about, by the boot and the mark of the load, with
//! the parameters that were given, the values that the kernel showed then, and the renames that the load was
//! told of; its fields are separated by NULs. Both are for root alone.
//!
//! Room is bounded: [`MAX_IMAGE_BYTES`] for a module, [`MAX_ALL_BYTES`] for all; the oldest go first.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::fs::{self, Metadata};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{io, str};

use libmodfmt::module_name::is_module_name;
use libmodsys::{Errno, Kernel, files};

use crate::paths::Paths;

/// Largest image that is kept, in bytes.
pub const MAX_IMAGE_BYTES: u64 = 16 << 20;
/// Most bytes that all images have.
pub const MAX_ALL_BYTES: u64 = 64 << 20;
/// Limit for the other file, in bytes. The kernel shows at most a page of each parameter, and a command line
/// has a few MiB.
const MAX_FILE_BYTES: u64 = 16 << 20;
/// What the name of an image ends with.
const IMAGE_ENDING: &str = ".ko";

/// A module as it was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadedImage {
    /// The image.
    pub path: PathBuf,
    /// The file that it was made from.
    pub source: PathBuf,
    /// The parameters that it was given.
    pub params: Vec<u8>,
    /// Values of its parameters after the load, as the kernel shows them.
    pub values: BTreeMap<String, Vec<u8>>,
    /// Old and new names that the load was given: without them it is refused once more.
    pub renamed: Vec<(String, String)>,
    boot_id: String,
    /// Of [`Kernel::load_mark`].
    load_mark: u64,
    /// Size of the image in bytes.
    size: u64,
    /// Of the file that it was made from.
    stamp: String,
}

/// A module that has just been loaded.
#[derive(Debug, Clone, Copy)]
pub struct JustLoaded<'a> {
    /// Its name.
    pub owner: &'a str,
    /// The path of its file.
    pub path: &'a Path,
    /// What the system said about the file before it was read.
    pub metadata: &'a Metadata,
    /// The parameters that it was given.
    pub params: &'a CStr,
    /// Old and new names that the load was given.
    pub renamed: &'a [(String, String)],
}

impl LoadedImage {
    /// Writes down a load. `image` makes the image; it is called only if that of an earlier load of the same
    /// file is not there.
    ///
    /// # Errors
    /// The system's; `EFBIG` if the image or the parameters are too large; that others may write to the
    /// directory. Nothing is recorded of the module then.
    pub fn write(
        kernel: &dyn Kernel,
        loaded: JustLoaded<'_>,
        paths: &Paths,
        image: &dyn Fn() -> io::Result<Vec<u8>>,
    ) -> io::Result<()> {
        let written = Self::try_write(kernel, loaded, paths, image);
        if written.is_err() {
            Self::forget(loaded.owner, paths);
        }
        written
    }

    fn try_write(
        kernel: &dyn Kernel,
        loaded: JustLoaded<'_>,
        paths: &Paths,
        image: &dyn Fn() -> io::Result<Vec<u8>>,
    ) -> io::Result<()> {
        let directory = &paths.loaded_images;
        let (Some(file), Some(path)) = (file_of(loaded.owner, paths), image_of(loaded.owner, paths)) else {
            return Ok(());
        };
        files::create_directory(directory, 0o700)?;
        if !files::is_own_directory(directory) {
            return Err(Errno::EPERM.into());
        }
        let earlier = Self::parse(loaded.owner, paths);
        let mut new = Self {
            path,
            source: loaded.path.to_owned(),
            params: loaded.params.to_bytes().to_vec(),
            values: kernel.parameters(loaded.owner).unwrap_or_default(),
            renamed: loaded.renamed.to_vec(),
            boot_id: kernel.boot_id().map_err(io::Error::other)?,
            load_mark: kernel.load_mark(loaded.owner).ok_or(Errno::ENOENT)?,
            size: 0,
            stamp: stamp(loaded.metadata),
        };
        new.values.retain(|name, value| !name.contains('\0') && !value.contains(&0));
        let kept = earlier.filter(|earlier| {
            // The image may have been loaded itself: that was the way back.
            let is_image =
                fs::metadata(&earlier.path).is_ok_and(|image| is_same_file(&image, loaded.metadata));
            (is_image || earlier.stamp == new.stamp) && earlier.is_whole()
        });
        match kept {
            Some(earlier) => {
                (new.size, new.stamp, new.source) = (earlier.size, earlier.stamp, earlier.source);
            }
            None => {
                let image = image()?;
                new.size = image.len() as u64;
                if new.size > MAX_IMAGE_BYTES {
                    return Err(Errno::EFBIG.into());
                }
                // Without the other file, half an image is nothing.
                remove(&file)?;
                make_room(loaded.owner, new.size, paths)?;
                write_renamed(&new.path, &image)?;
            }
        }
        write_renamed(&file, &check_record(&new)?)
    }

    /// The image and the parameters of a module as it is loaded now; `None` if this load is not recorded.
    #[must_use]
    pub fn of_loaded(kernel: &dyn Kernel, owner: &str, paths: &Paths) -> Option<Self> {
        let read = Self::last(kernel, owner, paths)?;
        (kernel.load_mark(owner) == Some(read.load_mark)).then_some(read)
    }

    /// The image and the parameters of the last load of a module in this boot.
    #[must_use]
    pub fn last(kernel: &dyn Kernel, owner: &str, paths: &Paths) -> Option<Self> {
        let read = Self::parse(owner, paths)?;
        (read.is_whole() && kernel.boot_id().ok()? == read.boot_id).then_some(read)
    }

    /// Says that the image is needed: those that were needed last go last if room is short.
    pub fn mark_needed(&self) {
        let file = fs::File::options().write(true).open(&self.path);
        // Its age is only a hint.
        let _ = file.and_then(|file| file.set_modified(SystemTime::now()));
    }

    /// Forgets a module of which nothing is kept any more.
    pub fn forget(owner: &str, paths: &Paths) {
        for path in [file_of(owner, paths), image_of(owner, paths)].into_iter().flatten() {
            // There may be none.
            let _ = fs::remove_file(path);
        }
    }

    fn is_whole(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|found| found.is_file() && found.len() == self.size)
    }

    fn to_bytes(&self) -> Vec<u8> {
        use std::os::unix::ffi::OsStrExt;
        let (mark, size) = (self.load_mark.to_string(), self.size.to_string());
        let mut fields: Vec<&[u8]> = vec![self.boot_id.as_bytes(), mark.as_bytes(), size.as_bytes()];
        fields.extend([self.stamp.as_bytes(), self.source.as_os_str().as_bytes(), &self.params]);
        for (name, value) in &self.values {
            fields.extend([name.as_bytes(), value]);
        }
        // No parameter has such a name.
        let renamed: Vec<String> = self.renamed.iter().map(|(old, new)| format!("{old}={new}")).collect();
        for rename in &renamed {
            fields.extend([rename.as_bytes(), b"".as_slice()]);
        }
        fields.join(&0)
    }

    fn parse(owner: &str, paths: &Paths) -> Option<Self> {
        use std::os::unix::ffi::OsStringExt;
        // It says what is loaded: only this user may have made it.
        if !files::is_own_directory(&paths.loaded_images) {
            return None;
        }
        let bytes = files::read_regular(&file_of(owner, paths)?, MAX_FILE_BYTES).ok()?;
        let mut fields = bytes.split(|byte| *byte == 0);
        let mut text = || str::from_utf8(fields.next()?).ok();
        let (boot_id, mark, size, stamp) = (text()?, text()?, text()?, text()?);
        let source = std::ffi::OsString::from_vec(fields.next()?.to_vec()).into();
        let params = fields.next()?.to_vec();
        let (mut values, mut renamed) = (BTreeMap::new(), Vec::new());
        while let Some(name) = fields.next() {
            let (name, value) = (str::from_utf8(name).ok()?, fields.next()?);
            match name.split_once('=') {
                Some((old, new)) => renamed.push((old.to_owned(), new.to_owned())),
                None => {
                    values.insert(name.to_owned(), value.to_vec());
                }
            }
        }
        Some(Self {
            path: image_of(owner, paths)?,
            source,
            params,
            values,
            renamed,
            boot_id: boot_id.to_owned(),
            load_mark: mark.parse().ok()?,
            size: size.parse().ok()?,
            stamp: stamp.to_owned(),
        })
    }
}

/// The record of a load, if it can be read again.
fn check_record(loaded: &LoadedImage) -> io::Result<Vec<u8>> {
    let bytes = loaded.to_bytes();
    if bytes.len() as u64 > MAX_FILE_BYTES { Err(Errno::EFBIG.into()) } else { Ok(bytes) }
}

/// What changes if a file is written to or replaced.
fn stamp(found: &Metadata) -> String {
    let (modified, changed) = ((found.mtime(), found.mtime_nsec()), (found.ctime(), found.ctime_nsec()));
    format!("{}:{} {} {modified:?} {changed:?}", found.dev(), found.ino(), found.size())
}

fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Removes the oldest images, as far as one of `size` bytes needs their room.
fn make_room(owner: &str, size: u64, paths: &Paths) -> io::Result<()> {
    let mut images = Vec::new();
    for entry in fs::read_dir(&paths.loaded_images)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let (Some(other), Ok(found)) = (name.strip_suffix(IMAGE_ENDING), entry.metadata()) else { continue };
        if other != owner {
            images.push(((found.mtime(), found.mtime_nsec()), found.len(), other.to_owned()));
        }
    }
    images.sort();
    let mut all = images.iter().fold(size, |sum, (_, size, _)| sum.saturating_add(*size));
    for (_, size, other) in images {
        if all <= MAX_ALL_BYTES {
            break;
        }
        LoadedImage::forget(&other, paths);
        all = all.saturating_sub(size);
    }
    Ok(())
}

/// Writes a file under another name and renames it, so that nobody reads half of it. The kernel remembers
/// names that are gone, so it is always the same one: the module's lock is held.
fn write_renamed(path: &Path, content: &[u8]) -> io::Result<()> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
    let new = directory.join(format!(".{}", name.to_string_lossy()));
    let written = files::create_private(&new)
        .and_then(|mut file| file.write_all(content))
        .and_then(|()| fs::rename(&new, path));
    written.inspect_err(|_| {
        let _ = fs::remove_file(&new);
    })
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The file of a module; `None` for what cannot be a module's name, such as a path.
fn file_of(owner: &str, paths: &Paths) -> Option<PathBuf> {
    let is_name = is_module_name(owner) && !owner.contains('.');
    is_name.then(|| paths.loaded_images.join(owner))
}

fn image_of(owner: &str, paths: &Paths) -> Option<PathBuf> {
    Some(file_of(owner, paths)?.with_extension(IMAGE_ENDING.trim_start_matches('.')))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use modtest::{FakeKernel, FakeModule};

    use super::*;

    struct Place {
        kernel: FakeKernel,
        folder: tempfile::TempDir,
        paths: Paths,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let paths = Paths { loaded_images: folder.path().join("images"), ..Paths::default() };
            let kernel = FakeKernel::new();
            kernel.set(|settings| settings.boot = Some(Default::default()));
            Self { kernel, folder, paths }
        }

        fn source(&self, name: &str) -> PathBuf {
            let path = self.folder.path().join(name);
            if !path.exists() {
                fs::write(&path, name).unwrap();
            }
            path
        }

        fn load(&self, owner: &str, path: &Path, image: &[u8]) -> io::Result<()> {
            self.kernel.take(owner);
            self.kernel.add(FakeModule::new(owner).parameter("size", "7"));
            let metadata = fs::metadata(path).unwrap();
            let params = c"size=7 label=\"a b\"";
            let renamed = [("x.c:old".to_owned(), "x.c:new".to_owned())];
            let loaded = JustLoaded { owner, path, metadata: &metadata, params, renamed: &renamed };
            LoadedImage::write(&self.kernel, loaded, &self.paths, &|| Ok(image.to_vec()))
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.paths.loaded_images).unwrap();
            let mut names: Vec<_> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        }
    }

    #[test]
    fn a_record_that_could_not_be_read_is_not_written() {
        let place = Place::new();
        let source = place.source("long.ko");
        let load = |length: usize| {
            place.kernel.take("long");
            place.kernel.add(FakeModule::new("long"));
            let params = std::ffi::CString::new(vec![b'x'; length]).unwrap();
            let metadata = fs::metadata(&source).unwrap();
            let loaded = JustLoaded {
                owner: "long",
                path: &source,
                metadata: &metadata,
                params: &params,
                renamed: &[],
            };
            LoadedImage::write(&place.kernel, loaded, &place.paths, &|| Ok(b"image".to_vec()))
        };
        load(3 << 20).unwrap();
        let found = LoadedImage::of_loaded(&place.kernel, "long", &place.paths).unwrap();
        assert_eq!(found.params.len(), 3 << 20);
        let error = load(17 << 20).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(Errno::EFBIG as i32));
        assert_eq!(place.names(), [""; 0], "nothing is left of it");
    }

    #[test]
    fn what_is_written_is_read() {
        let place = Place::new();
        let of_loaded = |owner: &str| LoadedImage::of_loaded(&place.kernel, owner, &place.paths);
        assert_eq!(of_loaded("foo"), None);
        let source = place.source("foo.ko");
        place.load("foo", &source, b"image").unwrap();
        let read = of_loaded("foo").unwrap();
        assert_eq!((&*read.params, &read.source), (&b"size=7 label=\"a b\""[..], &source));
        assert_eq!(read.values, BTreeMap::from([("size".to_owned(), b"7".to_vec())]));
        assert_eq!(read.renamed, [("x.c:old".to_owned(), "x.c:new".to_owned())]);
        assert_eq!(fs::read(&read.path).unwrap(), b"image");
        for path in [&read.path, &place.paths.loaded_images.join("foo")] {
            assert_eq!(fs::metadata(path).unwrap().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::metadata(&place.paths.loaded_images).unwrap().mode() & 0o777, 0o700);
        // Removed, and then loaded by another program.
        place.kernel.take("foo");
        assert_eq!(of_loaded("foo"), None);
        place.kernel.add(FakeModule::new("foo"));
        assert_eq!(of_loaded("foo"), None);
        assert!(LoadedImage::last(&place.kernel, "foo", &place.paths).is_some());
        place.kernel.set(|settings| settings.boot.as_mut().unwrap().id = "another".into());
        assert_eq!(LoadedImage::last(&place.kernel, "foo", &place.paths), None);
        LoadedImage::forget("foo", &place.paths);
        assert_eq!(place.names(), [""; 0]);
    }

    #[test]
    fn the_image_of_a_file_that_has_not_changed_is_made_once() {
        let place = Place::new();
        let source = place.source("foo.ko");
        let image = || fs::read(place.paths.loaded_images.join("foo.ko")).unwrap();
        place.load("foo", &source, b"one").unwrap();
        place.load("foo", &source, b"not asked for").unwrap();
        assert_eq!(image(), b"one");
        fs::write(&source, "changed").unwrap();
        place.load("foo", &source, b"two").unwrap();
        assert_eq!(image(), b"two");
        // The way back loads the image itself.
        place.load("foo", &place.paths.loaded_images.join("foo.ko"), b"not asked for").unwrap();
        let read = LoadedImage::of_loaded(&place.kernel, "foo", &place.paths).unwrap();
        assert_eq!((&*image(), read.source), (&b"two"[..], source));
        // Half of it is there.
        fs::write(&read.path, "t").unwrap();
        assert_eq!(LoadedImage::of_loaded(&place.kernel, "foo", &place.paths), None);
    }

    #[test]
    fn room_is_bounded_and_the_oldest_go_first() {
        let place = Place::new();
        let too_large = vec![0; usize::try_from(MAX_IMAGE_BYTES).unwrap() + 1];
        let large = &too_large[1..];
        let source = place.source("small.ko");
        place.load("small", &source, b"small").unwrap();
        let error = place.load("small", &place.source("large.ko"), &too_large).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(Errno::EFBIG as i32));
        assert_eq!(place.names(), [""; 0], "what is there of an earlier load is not this one's");
        for (age, name) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
            place.load(name, &place.source(&format!("{name}.ko")), large).unwrap();
            let image = place.paths.loaded_images.join(format!("{name}.ko"));
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(age as u64);
            fs::File::options().write(true).open(image).unwrap().set_modified(time).unwrap();
        }
        assert_eq!(place.names(), ["b", "b.ko", "c", "c.ko", "d", "d.ko", "e", "e.ko"]);
    }

    #[test]
    fn other_names_and_directories_of_others_are_not_used() {
        let place = Place::new();
        for name in ["", ".", "..", "a/b", ".foo", "a.b"] {
            assert_eq!(file_of(name, &place.paths), None);
        }
        place.load("foo", &place.source("foo.ko"), b"image").unwrap();
        fs::set_permissions(&place.paths.loaded_images, fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(LoadedImage::of_loaded(&place.kernel, "foo", &place.paths), None);
        assert!(place.load("foo", &place.source("foo.ko"), b"image").is_err());
    }
}
