// SPDX-License-Identifier: MIT OR Apache-2.0
//! What libmodfmt reads of all modules of a kernel, against what readelf and kmod read: sections, symbols,
//! relocations, module information, versions of imports, exports, and which variables are persistent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use anyhow::{Context, Result, ensure};
use libmodfmt::export::{ExportLayout, Release, exports};
use libmodfmt::file::ModuleFile;
use libmodfmt::module::Module;
use libmodfmt::versions::Versions;

use super::made_persistent;
use crate::checks::readelf_modinfo::{elf, readelf};
use crate::process;
use crate::setup::Userland;

/// Fields that modinfo prints in another form, or finds elsewhere: the file, the signature, the parameters.
const OTHER_FIELDS: &[&str] =
    &["filename", "name", "parm", "parmtype", "sig_id", "signer", "sig_key", "sig_hashalgo", "signature"];

/// The size limit of a decompressed module.
pub const MAX_MODULE_BYTES: u64 = 256 << 20;

/// What the line of a parameter begins with.
const PARAMETER: &str = "parm:";

/// What was read, in all modules.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub fields: usize,
    pub versions: usize,
    pub exports: usize,
    pub variables: usize,
}

/// Compares modules, one after the other.
pub struct Reader {
    userland: Userland,
    scratch: PathBuf,
    release: Release,
    pub counts: Counts,
}

impl Reader {
    /// A scratch file in `folder` is what the other tools are given: modules may be compressed.
    pub fn new(folder: &Path, release: Release) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let scratch = folder.join("module.ko");
        Ok(Self { userland: Userland::fetch(None)?, scratch, release, counts: Counts::default() })
    }

    /// Fails with the first difference.
    pub fn compare(&mut self, file: &Path) -> Result<()> {
        let content = ModuleFile::new(fs::read(file)?, MAX_MODULE_BYTES);
        let image = content.unsigned_image()?;
        fs::write(&self.scratch, image)?;
        let module = content.module()?;
        elf::compare(&self.scratch, &module.object)?;
        self.modinfo(module)?;
        self.versions(module)?;
        self.exports(module)?;
        match made_persistent::of(image.to_owned())? {
            Some(persistent) => self.variables(&persistent),
            None => Ok(()),
        }
    }

    fn modinfo(&mut self, module: &Module<'_>) -> Result<()> {
        let text = process::output(self.userland.kmod_tool("modinfo")?.arg("-0").arg(&self.scratch))?;
        // Parameters are printed as for people: `parm:           name:what it is (type)`.
        let (parameters, fields): (Vec<&str>, Vec<&str>) =
            text.split('\0').partition(|line| line.starts_with(PARAMETER));
        let is_own = |key: &str| !OTHER_FIELDS.contains(&key);
        let theirs: Vec<(String, String)> = fields
            .iter()
            .filter_map(|line| line.split_once('='))
            .map(|(key, value)| (key.to_owned(), value.trim_start().to_owned()))
            .filter(|(key, _)| is_own(key))
            .collect();
        let info = module.modinfo()?;
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let entries = info.iter().filter(|entry| entry.text().contains(&b'='));
        let ours: Vec<(String, String)> = entries
            .map(|entry| (lossy(entry.key()), lossy(entry.value()).trim_start().to_owned()))
            .filter(|(key, _)| is_own(key))
            .collect();
        same("modinfo", &ours, &theirs)?;
        self.counts.fields += ours.len();
        let described = ["parm", "parmtype"].iter().flat_map(|key| info.all(key));
        let ours: BTreeSet<String> =
            described.filter_map(|text| lossy(text).split(':').next().map(str::to_owned)).collect();
        let theirs =
            parameters.iter().filter_map(|line| line.strip_prefix(PARAMETER)?.trim_start().split(':').next());
        let theirs: BTreeSet<String> = theirs.map(str::to_owned).collect();
        same("parameters", &ours, &theirs)?;
        self.counts.fields += ours.len();
        Ok(())
    }

    /// Those of `__versions`, which this machine's kmod knows.
    fn versions(&mut self, module: &Module<'_>) -> Result<()> {
        let Some((_, section)) = module.object.section("__versions") else { return Ok(()) };
        let ident = module.object.ident;
        let versions = Versions::parse(&section.data, ident.class, ident.order)?;
        let ours: BTreeSet<(String, u32)> =
            versions.iter().map(|one| (String::from_utf8_lossy(one.name).into_owned(), one.crc)).collect();
        let mut modprobe = self.userland.kmod_tool("modprobe")?;
        let text = process::output(modprobe.arg("--dump-modversions").arg(&self.scratch))?;
        let theirs = text.lines().map(|line| {
            let (crc, name) = line.split_once('\t').with_context(|| line.to_owned())?;
            Ok((name.to_owned(), u32::from_str_radix(crc.trim_start_matches("0x"), 16)?))
        });
        let theirs = theirs.collect::<Result<BTreeSet<_>>>()?;
        same("versions", &ours, &theirs)?;
        self.counts.versions += ours.len();
        Ok(())
    }

    /// An exported symbol has a symbol `__ksymtab_` with its name.
    fn exports(&mut self, module: &Module<'_>) -> Result<()> {
        let layout = ExportLayout::for_release(module.object.ident.machine, self.release);
        let ours: BTreeSet<String> = exports(&module.object, &layout)?
            .iter()
            .map(|export| String::from_utf8_lossy(export.name).into_owned())
            .collect();
        let symbols = readelf("-s", &self.scratch)?;
        // The sections of the tables have symbols with their names in older files.
        let is_section = |line: &&str| line.split_whitespace().nth(3) == Some("SECTION");
        let theirs: BTreeSet<String> = symbols
            .lines()
            .filter(|line| !is_section(line))
            .filter_map(|line| line.split_whitespace().last()?.strip_prefix("__ksymtab_").map(str::to_owned))
            .collect();
        same("exports", &ours, &theirs)?;
        self.counts.exports += ours.len();
        Ok(())
    }

    /// As if the ordinary data were persistent: each object in it, with section, offset and size.
    fn variables(&mut self, file: &[u8]) -> Result<()> {
        fs::write(&self.scratch, file)?;
        let module = Module::parse(file)?;
        let persistent = module.persistent()?.context("it has no persistent data")?;
        let ours: BTreeSet<(String, u64, u64)> = persistent
            .variables()
            .map(|(unit, variable)| (unit.section.clone(), variable.offset, variable.size))
            .collect();
        let text = readelf("-s", &self.scratch)?;
        let mut theirs = BTreeSet::new();
        for words in text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()) {
            // Variables of assembler code have no type, nor have `__start_alloc_tags` (6.10), mapping symbols and
            // labels of the compiler.
            let [_, value, size, "OBJECT" | "NOTYPE", _, _, section, name] = *words else { continue };
            if name.starts_with('$') || name.starts_with(".L") {
                continue;
            }
            let Ok(section) = section.parse::<usize>() else { continue };
            let name = module.object.section_name(section);
            let is_persistent =
                [".data..persistent", ".bss..persistent"].iter().any(|one| name.starts_with(one));
            let size = match size.strip_prefix("0x") {
                Some(digits) => u64::from_str_radix(digits, 16)?,
                None => size.parse()?,
            };
            if is_persistent {
                theirs.insert((name, u64::from_str_radix(value, 16)?, size));
            }
        }
        same("variables", &ours, &theirs)?;
        self.counts.variables += ours.len();
        Ok(())
    }
}

/// Fails with what only one of them has.
fn same<'a, T: Ord + fmt::Debug + 'a>(
    what: &str,
    ours: impl IntoIterator<Item = &'a T>,
    theirs: impl IntoIterator<Item = &'a T>,
) -> Result<()> {
    let mut counts: BTreeMap<&T, isize> = BTreeMap::new();
    ours.into_iter().for_each(|one| *counts.entry(one).or_default() += 1);
    theirs.into_iter().for_each(|one| *counts.entry(one).or_default() -= 1);
    let only = |ours: bool| counts.iter().filter(move |(_, count)| **count != 0 && (**count > 0) == ours);
    let [ours, theirs] = [true, false].map(|side| only(side).map(|(one, _)| one).collect::<Vec<_>>());
    ensure!(ours.is_empty() && theirs.is_empty(), "{what}: only here {ours:?}, only there {theirs:?}");
    Ok(())
}
