// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist split FILE`: writes the images that insmod makes at a load to files, when a module is built.
//! They can be signed, and any modprobe loads them.
//!
//! - `headers.rs`: reads a kernel's headers.
//! - `modprobe_rule.rs`: the rule that keeps `modprobe -r` from removing keepers.
//! - `sign.rs`: appends signatures.

mod headers;
mod modprobe_rule;
mod sign;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use libmodfmt::file::ModuleFile;
use libmodfmt::persist::{Account, Fate, Header, hold_of_generation, keeper_of_generation};
use libmodsys::{Kernel, files};
use modcli::{escape, module_name, os_text};
use modkeep::{KernelSource, Split, SplitError, SplitModule};

use self::headers::Headers;
use self::sign::Signer;
use crate::args::SplitArgs;

/// Limit for a module, as it is and decompressed, in bytes.
const MAX_MODULE_BYTES: u64 = 512 << 20;

pub(crate) fn run(kernel: &dyn Kernel, args: &SplitArgs, out: &mut dyn Write) -> Result<ExitCode> {
    let name = || os_text(&args.file);
    let file = read(&args.file)?;
    let kept = args.bind_to.iter().map(|keeper| header(keeper)).collect::<Result<Vec<_>>>()?;
    let sample = args.sample.as_deref().map(read).transpose()?;
    let headers = args.headers.as_deref().map(Headers::new).transpose()?;
    let text = |path: &str| headers.as_ref().map_or_else(String::new, |headers| headers.text(path));
    let source = match (&sample, &headers) {
        (Some(sample), _) => KernelSource::Sample(sample),
        (None, Some(_)) => KernelSource::Headers(&text),
        (None, None) => KernelSource::Running(kernel),
    };
    let split = match modkeep::split(&file, &source, &kept) {
        Ok(split) => split,
        Err(error) => return refused(&args.file, &error, out),
    };
    let owner = &split.owner.name;
    let is_plain = owner.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    ensure!(is_plain, "{}: modprobe's rules are run by a shell, and cannot have the name {owner:?}", name());
    let signer = match &*args.sign_with {
        [] => None,
        [key, certificate] => Some(Signer::new(key, certificate, &args.hash)),
        _ => bail!("--sign-with takes one key and one certificate, once"),
    };
    let folder = match &args.out {
        Some(folder) => folder.clone(),
        None => args.file.parent().unwrap_or(Path::new("")).join("split"),
    };
    std::fs::create_dir_all(&folder).with_context(|| os_text(&folder))?;
    let owner_path = folder.join(owner_file(&args.file, &split.owner.name));
    ensure!(!is_same_file(&owner_path, &args.file), "{}: it would be overwritten; give another -o", name());
    let modules = planned(&split, &folder, owner_path);
    for (path, module) in &modules {
        check_replaced(path, module)?;
    }
    // All are signed before one is written: half of them would be of no use.
    let signed = modules.iter().map(|(_, module)| match &signer {
        Some(signer) => signer.sign(&module.image).with_context(|| format!("{}.ko", module.name)),
        None => Ok(module.image.clone()),
    });
    let signed = signed.collect::<Result<Vec<_>>>()?;
    for note in &split.notes {
        escape::write_line(out, format_args!("note: {note}"))?;
    }
    if file.signature().is_ok_and(|signature| signature.is_some()) && signer.is_none() {
        escape::write_line(out, "note: its signature is lost; --sign-with makes new ones")?;
    }
    account(&split.account, out)?;
    // The module last: with it alone nothing could be loaded.
    for ((path, _), content) in modules.iter().zip(&signed).rev() {
        write(path, content)?;
    }
    for (path, module) in &modules {
        escape::write_line(out, format_args!("{}: {}", os_text(path), role(&split, module)))?;
    }
    let owner = &split.owner.name;
    let path = folder.join(format!("split-{owner}.conf"));
    write(&path, modprobe_rule::text(owner, &split.generations).as_bytes())?;
    escape::write_line(out, format_args!("{}: for /etc/modprobe.d", os_text(&path)))?;
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<ModuleFile> {
    let content = files::read_regular(path, MAX_MODULE_BYTES).with_context(|| os_text(path))?;
    Ok(ModuleFile::new(content, MAX_MODULE_BYTES))
}

/// The file of a keeper is needed to bind later builds to what it keeps: one of another build stays.
fn check_replaced(path: &Path, module: &SplitModule) -> Result<()> {
    let identity = |file: &ModuleFile| file.module().ok()?.keeper_header().map(|header| header.identity);
    let Some(new) = identity(&ModuleFile::new(module.image.clone(), MAX_MODULE_BYTES)) else { return Ok(()) };
    let is_other = path.exists() && read(path).ok().and_then(|file| identity(&file)) != Some(new);
    ensure!(
        !is_other,
        "{}: keeps the data of another build, which --bind-to needs; give another -o, or remove it",
        os_text(path)
    );
    Ok(())
}

/// Writes a new file in place of one that may be there, with the mode that a compiler's files have.
fn write(path: &Path, content: &[u8]) -> Result<()> {
    let unfinished = path.with_extension("unfinished");
    let write = || {
        match std::fs::remove_file(&unfinished) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        std::fs::File::create_new(&unfinished)?.write_all(content)?;
        std::fs::rename(&unfinished, path)
    };
    write().with_context(|| os_text(path))
}

/// What the keeper in a file keeps.
fn header(path: &Path) -> Result<Header> {
    let file = read(path)?;
    let header = file.module().with_context(|| os_text(path))?.keeper_header();
    match header {
        Some(header) => Ok(header),
        None => bail!("{}: is no keeper; it would be a file such as foo__persist.ko", os_text(path)),
    }
}

/// The files, with what goes into them.
fn planned<'s>(split: &'s Split, folder: &Path, owner: PathBuf) -> Vec<(PathBuf, &'s SplitModule)> {
    let others = split.keeper.iter().chain(&split.hold);
    let others = others.map(|module| (folder.join(format!("{}.ko", module.name)), module));
    std::iter::once((owner, &split.owner)).chain(others).collect()
}

/// The name of the module's own file: that of the file which was split, unless modprobe would take it for
/// another module's.
fn owner_file(file: &Path, owner: &str) -> String {
    let name = module_name::from_path(file.as_os_str());
    let stem = file.file_name().and_then(|name| name.to_str()).and_then(|name| name.split('.').next());
    match stem.filter(|_| name.as_deref() == Some(owner)) {
        Some(stem) => format!("{stem}.ko"),
        None => format!("{owner}.ko"),
    }
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// What a file is for.
fn role(split: &Split, module: &SplitModule) -> String {
    let owner = &split.owner.name;
    let newest = split.generations.last().copied().unwrap_or(1);
    if module.name == keeper_of_generation(owner, newest) {
        format!("keeps the data of {owner}")
    } else if module.name == hold_of_generation(owner, newest) {
        format!("holds {}", keeper_of_generation(owner, newest))
    } else {
        let keepers = split.generations.iter().map(|number| keeper_of_generation(owner, *number));
        format!("bound to {}", keepers.collect::<Vec<_>>().join(" and "))
    }
}

/// What becomes of the variables, if keepers were there before.
fn account(account: &Account, out: &mut dyn Write) -> Result<()> {
    let new = account.new_variables();
    if new == account.variables.len() {
        return Ok(());
    }
    let grown = account.variables.iter().filter(|own| matches!(own.fate, Fate::InPlace { .. }));
    for own in grown {
        escape::write_line(out, format_args!("{}: grows in place", own.variable))?;
    }
    let (bound, unused) = (account.bound().0, account.unused.len());
    escape::write_line(out, format_args!("{bound} variables bound, {new} new, {unused} not in the file"))?;
    Ok(())
}

fn refused(file: &Path, error: &SplitError, out: &mut dyn Write) -> Result<ExitCode> {
    escape::write_line(out, format_args!("{}: was not split: {error}", os_text(file)))?;
    for line in error.details() {
        escape::write_line(out, format_args!("  {line}"))?;
    }
    if let Some(remedy) = error.remedy() {
        escape::write_line(out, remedy)?;
    }
    Ok(ExitCode::FAILURE)
}
