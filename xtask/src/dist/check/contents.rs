// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is in the archives, read back from their bytes: the programs must be static and of one processor, and
//! the package must say for which.

use std::collections::BTreeMap;
use std::io::Read;

use anyhow::{Context, Result, ensure};
use flate2::read::GzDecoder;
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader};
use object::{Endianness, elf};

use crate::args::Architecture;
use crate::dist::programs::PACKAGES;

/// Files by their paths.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The programs of a package, by name. An error if they, or what it says of itself, are not as they should.
pub fn of_package(package: &[u8], architecture: Architecture) -> Result<Files> {
    let mut members = BTreeMap::new();
    let mut archive = ar::Archive::new(package);
    while let Some(entry) = archive.next_entry() {
        let mut entry = entry?;
        let name = String::from_utf8_lossy(entry.header().identifier()).into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        members.insert(name, content);
    }
    let member = |name: &str| members.get(name).with_context(|| format!("the package has no {name}"));
    let control = unpacked(member("control.tar.gz")?)?;
    let text = String::from_utf8_lossy(control.get("control").context("the package has no control file")?);
    let wanted = format!("Architecture: {}", architecture.debian());
    ensure!(text.lines().any(|line| line == wanted), "the package does not say {wanted:?}:\n{text}");
    programs(&unpacked(member("data.tar.gz")?)?, architecture)
}

/// The programs of a tarball, by name, checked as well.
pub fn of_tarball(tarball: &[u8], architecture: Architecture) -> Result<Files> {
    programs(&unpacked(tarball)?, architecture)
}

/// The files of a compressed archive.
fn unpacked(bytes: &[u8]) -> Result<Files> {
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(GzDecoder::new(bytes)).entries()? {
        let mut entry = entry?;
        if entry.header().entry_type().is_file() {
            let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            files.insert(path, content);
        }
    }
    Ok(files)
}

/// The programs among files, each of which must be static and of this processor.
fn programs(files: &Files, architecture: Architecture) -> Result<Files> {
    let mut found = BTreeMap::new();
    for (path, content) in files.iter().filter(|(_, content)| content.starts_with(&elf::ELFMAG)) {
        check_program(content, architecture).with_context(|| path.clone())?;
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        found.insert(name, content.clone());
    }
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    let mut wanted = PACKAGES.to_vec();
    wanted.sort_unstable();
    ensure!(names == wanted, "the programs are {names:?}, not {wanted:?}");
    Ok(found)
}

fn check_program(content: &[u8], architecture: Architecture) -> Result<()> {
    let file = ElfFile64::<Endianness>::parse(content)?;
    let endian = file.endian();
    let machine = file.elf_header().e_machine(endian);
    ensure!(machine.0 == architecture.machine().0, "it is for machine {}", machine.0);
    for segment in file.elf_program_headers() {
        ensure!(segment.interpreter(endian, content)?.is_none(), "it is not static: it names a loader");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::installed_files::{Entry, Kind};
    use crate::dist::{deb, tarball};

    /// An ELF file of 64 bits without segments.
    fn program(machine: u16) -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
        bytes.resize(64, 0);
        bytes[16] = 2;
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        bytes[20] = 1;
        bytes[52] = 64;
        bytes[54] = 56;
        bytes[58] = 64;
        bytes
    }

    fn tree(machines: [u16; 4]) -> Vec<Entry> {
        let entry = |(name, machine): (&&str, u16)| Entry {
            path: format!("sbin/{name}"),
            kind: Kind::File { mode: 0o755, content: program(machine) },
        };
        PACKAGES.iter().zip(machines).map(entry).collect()
    }

    #[test]
    fn what_is_packed_is_found() {
        let tree = tree([183; 4]);
        let package = deb::make(&tree, "1", "arm64").unwrap();
        let packed = tarball::make(&tree, Some("top")).unwrap();
        let programs = of_package(&package, Architecture::Arm64).unwrap();
        assert_eq!(programs, of_tarball(&packed, Architecture::Arm64).unwrap());
        assert_eq!(programs.len(), PACKAGES.len());
    }

    #[test]
    fn programs_of_another_processor_are_refused() {
        let tree = tree([183, 183, 62, 183]);
        let error = |package: &[u8]| format!("{:#}", of_package(package, Architecture::Arm64).unwrap_err());
        assert!(error(&deb::make(&tree, "1", "arm64").unwrap()).contains("machine 62"));
        let said = error(&deb::make(&tree[..2], "1", "amd64").unwrap());
        assert!(said.contains("Architecture: arm64"), "{said}");
        let said = error(&deb::make(&tree[..2], "1", "arm64").unwrap());
        assert!(said.contains("the programs are"), "{said}");
    }
}
