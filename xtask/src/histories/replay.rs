// SPDX-License-Identifier: MIT OR Apache-2.0
//! Boots a machine that loads the versions of one module, and collects what it reports.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use libmodfmt::file::ModuleFile;
use vmguest::histories::{self, Plan, Step};
use vmguest::protocol::Line;

use super::build::Built;
use super::described::Described;
use super::fill;
use super::table::Entry;
use crate::kernel::Kernel;
use crate::ui;
use crate::vm::{self, Archive, End, Vm};

/// The longest time that one version may take.
const MAX_PAUSE: Duration = Duration::from_secs(300);

/// Modules are not read beyond this size.
const LIMIT: u64 = 1 << 30;

/// Runs the plan. The error, if there is one, is why the machine did not get to the end.
pub fn run(
    kernel: &Kernel,
    vm: &Vm,
    entry: &Entry,
    versions: &[Built],
    described: &[Described],
) -> Result<(Vec<Step>, Option<String>)> {
    let module = entry.module.replace('-', "_");
    let mut plan = Plan { module, needed: Vec::new(), versions: Vec::new() };
    let initramfs = vm.run.join(format!("initramfs-{}.cpio", entry.name));
    fs::copy(&vm.initramfs, &initramfs).context("cannot copy the initramfs")?;
    // The kernel unpacks one archive after the other.
    let mut archive = Archive::new(BufWriter::new(File::options().append(true).open(&initramfs)?));
    for path in needed(kernel, versions)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        add(&mut archive, &name, &fs::read(&path)?)?;
        plan.needed.push(name);
    }
    for (version, described) in versions.iter().zip(described) {
        let writes = fill::writes(&described.types, &version.own_types, &version.name);
        let file = format!("{}.ko", version.name);
        add(&mut archive, &file, &fs::read(&version.file)?)?;
        plan.versions.push(histories::Version { name: version.name.clone(), file, writes });
    }
    add(&mut archive, "plan.json", serde_json::to_string(&plan)?.as_bytes())?;
    archive.finish().with_context(|| format!("cannot write {}", initramfs.display()))?;

    let size = fs::metadata(&initramfs)?.len() >> 20;
    let memory = 512 + 2 * u32::try_from(size)?;
    let vm = Vm { initramfs, ..vm.clone() };
    let mut steps = Vec::new();
    let mut notes = Vec::new();
    let end = vm::boot(&vm, "vmguest.histories", memory, |line| {
        match line {
            Line::Artifact { artifact, text } if artifact.starts_with(histories::RESULT) => {
                steps.push(serde_json::from_str(&text).with_context(|| format!("{artifact} is not valid"))?);
                ui::transient(&format!(
                    "  ... {}: version {} of {}",
                    entry.name,
                    steps.len(),
                    versions.len()
                ));
            }
            Line::Note { note } => notes.push(note),
            _ => {}
        }
        Ok(MAX_PAUSE)
    })?;
    let error = match end {
        End::Done => None,
        End::Refused => Some(notes.join("\n")),
        End::Died(why) | End::Hung(why) => Some(why),
    };
    Ok((steps, error))
}

fn add(archive: &mut Archive<impl Write>, name: &str, bytes: &[u8]) -> Result<()> {
    let path = format!("{}/{name}", histories::DIRECTORY.trim_start_matches('/'));
    archive.file(&path, bytes).with_context(|| format!("cannot add {name} to the initramfs"))
}

/// The kernel's own modules that these need, each after those that it needs itself.
fn needed(kernel: &Kernel, versions: &[Built]) -> Result<Vec<PathBuf>> {
    let mut known = BTreeMap::new();
    if let Some(modules) = &kernel.modules {
        find(&modules.join("kernel"), &mut known)?;
    }
    let mut order = Vec::new();
    let mut seen = BTreeSet::new();
    for version in versions {
        for name in depends(&version.file)? {
            visit(&name, &known, &mut seen, &mut order)?;
        }
    }
    Ok(order)
}

fn visit(
    name: &str,
    known: &BTreeMap<String, PathBuf>,
    seen: &mut BTreeSet<String>,
    order: &mut Vec<PathBuf>,
) -> Result<()> {
    // What is built into the kernel has no file.
    let Some(path) = known.get(name) else { return Ok(()) };
    if !seen.insert(name.to_owned()) {
        return Ok(());
    }
    for name in depends(path)? {
        visit(&name, known, seen, order)?;
    }
    order.push(path.clone());
    Ok(())
}

fn depends(path: &Path) -> Result<Vec<String>> {
    let content = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let file = ModuleFile::new(content, LIMIT);
    let module = file.module().with_context(|| format!("cannot read {}", path.display()))?;
    Ok(module.modinfo()?.depends().iter().map(|name| name.replace('-', "_")).collect())
}

/// Every module below a directory, by its name with underscores.
fn find(directory: &Path, known: &mut BTreeMap<String, PathBuf>) -> Result<()> {
    for entry in fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            find(&entry.path(), known)?;
        } else if let Some((name, _)) = entry.file_name().to_string_lossy().split_once(".ko") {
            known.insert(name.replace('-', "_"), entry.path());
        }
    }
    Ok(())
}
