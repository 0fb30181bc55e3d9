// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the sections of a module with persistent data are in memory. Once the module is gone the kernel does
//! not tell any more, and kept data that points there leads nowhere.
//!
//! insmod writes a small file under `/run` for each such load: a line with the boot and the load, then a line
//! for each section (`ffffffffc0a00000 1f40 .text`). When the module is removed rmmod adds what the places
//! are called that kept data points to (`= ffffffffc0a00010 work`).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::{fs, io};

use libmodfmt::module::Module;
use libmodfmt::module_name::is_module_name;
use libmodfmt::persist::PersistentSection;
use libmodfmt::pointers::AddressRanges;
use libmodsys::{Errno, Kernel, files};

use crate::journal::is_recorded;
use crate::paths::Paths;

/// Limit for a file, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// Most places that are named.
const MAX_NAMES: usize = 256;

/// Where the sections of one load of a module are, or were.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnerSections {
    boot_id: String,
    /// Of [`Kernel::load_mark`].
    load_mark: u64,
    /// Start address, size in bytes, and name.
    sections: Vec<(u64, u64, String)>,
    /// Symbols by address.
    names: BTreeMap<u64, String>,
}

impl OwnerSections {
    /// Those of a module that has just been loaded from `module`; `None` if the kernel does not tell.
    #[must_use]
    pub fn of_loaded(kernel: &dyn Kernel, module: &Module<'_>) -> Option<Self> {
        // The kernel frees the sections of init once it has returned, and the next allocation gets them.
        let is_wanted = |name: &str| {
            is_recorded(name)
                && !name.starts_with(".init")
                && PersistentSection::from_name(name.as_bytes()).is_none()
                && !name.contains(char::is_whitespace)
        };
        let sizes: BTreeMap<_, _> =
            module.object.sections.iter().map(|section| (&*section.name, section.size)).collect();
        let found = kernel.some_sections(&module.name, &is_wanted).ok()?;
        let sections = found.into_iter().filter_map(|section| {
            let size = sizes.get(section.name.as_bytes()).copied().filter(|size| *size > 0)?;
            Some((section.address.known()?, size, section.name))
        });
        let sections: Vec<_> = sections.collect();
        if sections.is_empty() {
            return None;
        }
        Some(Self {
            boot_id: kernel.boot_id().ok()?,
            load_mark: kernel.load_mark(&module.name)?,
            sections,
            names: BTreeMap::new(),
        })
    }

    /// What is recorded of a module in this boot.
    #[must_use]
    pub fn read(kernel: &dyn Kernel, owner: &str, paths: &Paths) -> Option<Self> {
        if !files::is_own_directory(&paths.owner_sections) {
            return None;
        }
        let bytes = files::read_regular(&file_of(owner, paths)?, MAX_FILE_BYTES).ok()?;
        let read = Self::parse(&String::from_utf8(bytes).ok()?)?;
        (kernel.boot_id().ok()? == read.boot_id).then_some(read)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let (boot_id, mark) = lines.next()?.split_once(' ')?;
        let mut read = Self {
            boot_id: boot_id.to_owned(),
            load_mark: mark.parse().ok()?,
            sections: Vec::new(),
            names: BTreeMap::new(),
        };
        for line in lines {
            let number = |text: &str| u64::from_str_radix(text, 16).ok();
            if let Some(named) = line.strip_prefix("= ") {
                let (address, name) = named.split_once(' ')?;
                read.names.insert(number(address)?, name.to_owned());
            } else {
                let (address, rest) = line.split_once(' ')?;
                let (size, name) = rest.split_once(' ')?;
                read.sections.push((number(address)?, number(size)?, name.to_owned()));
            }
        }
        Some(read)
    }

    /// Writes it down, in place of what an earlier load has left.
    ///
    /// # Errors
    /// The system's; that others may write to the directory.
    pub fn write(&self, owner: &str, paths: &Paths) -> io::Result<()> {
        let directory = &paths.owner_sections;
        files::create_directory(directory, 0o700)?;
        if !files::is_own_directory(directory) {
            return Err(Errno::EPERM.into());
        }
        let Some(path) = file_of(owner, paths) else { return Ok(()) };
        let mut text = format!("{} {}\n", self.boot_id, self.load_mark);
        for (address, size, name) in &self.sections {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{address:x} {size:x} {name}");
        }
        for (address, name) in self.names.iter().take(MAX_NAMES) {
            let _ = writeln!(text, "= {address:x} {name}");
        }
        // Renamed, so that nobody reads half of it. The kernel remembers names that are gone, so it is always
        // the same one: the module's lock is held.
        let new = directory.join(format!(".{owner}"));
        files::create_private(&new)?.write_all(text.as_bytes())?;
        fs::rename(&new, &path)
    }

    /// Forgets a module of which nothing is kept any more.
    pub fn forget(owner: &str, paths: &Paths) {
        if let Some(path) = file_of(owner, paths) {
            // There may be none.
            let _ = fs::remove_file(path);
        }
    }

    /// Whether it is about the module as it is loaded now. Other tools load modules without a record.
    #[must_use]
    pub fn is_loaded(&self, kernel: &dyn Kernel, owner: &str) -> bool {
        kernel.load_mark(owner) == Some(self.load_mark)
    }

    /// The sections, with their names as labels.
    #[must_use]
    pub fn ranges(&self) -> AddressRanges {
        let range =
            |(start, size, name): &(u64, u64, String)| (*start..start.saturating_add(*size), name.clone());
        AddressRanges::new(self.sections.iter().map(range).collect())
    }

    /// Says what is at an address: `work`, `table+0x8`.
    pub fn add_name(&mut self, address: u64, name: String) {
        if self.names.len() < MAX_NAMES && !name.contains('\n') {
            self.names.insert(address, name);
        }
    }

    /// What is at an address, if that was said.
    #[must_use]
    pub fn name(&self, address: u64) -> Option<&str> {
        self.names.get(&address).map(String::as_str)
    }
}

/// The file of a module; `None` for what cannot be a module's name, such as a path.
fn file_of(owner: &str, paths: &Paths) -> Option<PathBuf> {
    let is_name = is_module_name(owner) && !owner.starts_with('.');
    is_name.then(|| paths.owner_sections.join(owner))
}

#[cfg(test)]
mod tests {
    use modtest::module::Make;
    use modtest::{FakeKernel, FakeModule, module};

    use super::*;

    fn kernel() -> FakeKernel {
        let kernel = FakeKernel::new();
        kernel.set(|settings| settings.boot = Some(Default::default()));
        let sections = [
            (".text", 0xffff_c000_0000),
            (".data", 0xffff_c000_1000),
            (".init.text", 0xffff_c000_2000),
            (".text_of_none", 0x1000),
        ];
        let add = |module: FakeModule, (name, at): (&str, u64)| module.section(name, at);
        kernel.add(sections.into_iter().fold(FakeModule::new("foo"), add));
        kernel
    }

    fn paths(folder: &tempfile::TempDir) -> Paths {
        Paths { owner_sections: folder.path().join("sections"), ..Paths::default() }
    }

    #[test]
    fn what_is_written_is_read() {
        let (kernel, folder) = (kernel(), tempfile::tempdir().unwrap());
        let paths = paths(&folder);
        assert_eq!(OwnerSections::read(&kernel, "foo", &paths), None);
        let file = Make::typical("foo").build();
        let mut sections = OwnerSections::of_loaded(&kernel, &module::parse(&file)).unwrap();
        sections.add_name(0xffff_c000_0010, "work+0x8".into());
        sections.write("foo", &paths).unwrap();
        let read = OwnerSections::read(&kernel, "foo", &paths).unwrap();
        assert_eq!(read, sections);
        assert_eq!(read.name(0xffff_c000_0010), Some("work+0x8"));
        let ranges = read.ranges();
        assert_eq!(ranges.find(0xffff_c000_005f), Some((".text", 0x5f)));
        assert_eq!(ranges.find(0xffff_c000_0060), None, "it has 96 bytes");
        assert_eq!(ranges.find(0xffff_c000_1000), Some((".data", 0)));
        assert_eq!(ranges.find(0x1000), None, "the file has no such section");
        assert_eq!(ranges.find(0xffff_c000_2000), None, "init's memory is used again");
        OwnerSections::forget("foo", &paths);
        assert_eq!(OwnerSections::read(&kernel, "foo", &paths), None);
    }

    #[test]
    fn it_is_about_one_load_in_one_boot() {
        let (kernel, folder) = (kernel(), tempfile::tempdir().unwrap());
        let paths = paths(&folder);
        let file = Make::typical("foo").build();
        let sections = OwnerSections::of_loaded(&kernel, &module::parse(&file)).unwrap();
        sections.write("foo", &paths).unwrap();
        assert!(sections.is_loaded(&kernel, "foo"));
        kernel.take("foo");
        assert!(!sections.is_loaded(&kernel, "foo"));
        kernel.add(FakeModule::new("foo"));
        assert!(!sections.is_loaded(&kernel, "foo"), "another program has loaded it");
        assert_eq!(OwnerSections::read(&kernel, "foo", &paths).as_ref(), Some(&sections));
        kernel.set(|settings| settings.boot.as_mut().unwrap().id = "another".into());
        assert_eq!(OwnerSections::read(&kernel, "foo", &paths), None);
    }

    #[test]
    fn damaged_files_and_other_names_are_nothing() {
        for text in ["", "boot", "boot x\n", "boot 1\nx 1 .text\n", "boot 1\n1 .text\n", "boot 1\n= 1\n"] {
            assert_eq!(OwnerSections::parse(text), None, "{text:?}");
        }
        let folder = tempfile::tempdir().unwrap();
        for name in ["", ".", "..", "a/b", ".foo"] {
            assert_eq!(file_of(name, &paths(&folder)), None);
        }
    }

    #[test]
    fn a_directory_that_others_may_write_to_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let (kernel, folder) = (kernel(), tempfile::tempdir().unwrap());
        let paths = paths(&folder);
        let file = Make::typical("foo").build();
        let sections = OwnerSections::of_loaded(&kernel, &module::parse(&file)).unwrap();
        sections.write("foo", &paths).unwrap();
        fs::set_permissions(&paths.owner_sections, fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(OwnerSections::read(&kernel, "foo", &paths), None);
        assert!(sections.write("foo", &paths).is_err());
    }
}
