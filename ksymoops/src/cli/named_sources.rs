// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looks at the sources that the user named, whether or not the log needs them: one that does not exist, or
//! holds nothing of its kind, is a mistake that nobody would see otherwise.

use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use libksym::Sources;
use libmodfmt::compress;
use libmodfmt::proc::kallsyms;
use libmodsys::{Kernel, files};

use super::args::{Args, Format};
use super::sources::{MAX_LSMOD_BYTES, expanded};
use crate::Warning;

/// Symbols behind this many bytes of a text are not looked for.
const MAX_TEXT_BYTES: u64 = 256 << 20;
/// Deeper directories are not searched for modules, as in libksym.
const MAX_DEPTH: usize = 12;

const SYMBOLS: &str = "symbols of the kernel";
const LOADED: &str = "loaded modules";
const MODULES: &str = "modules";
const FILES: &str = "files";

/// Adds a warning for each source that is named and cannot be used. The merged map of the classic output has
/// its own for files with symbols of the kernel.
pub(super) fn check(args: &Args, sources: &Sources, kernel: &dyn Kernel, warnings: &mut Vec<Warning>) {
    let mut add = |path: &Path, found: Result<(), Unusable>| {
        let file = path.to_owned();
        match found {
            Ok(()) => {}
            Err(Unusable::Error(error)) => warnings.push(Warning::Unreadable { file, error }),
            Err(Unusable::Empty(what)) => warnings.push(Warning::NothingOfItsKind { file, what }),
        }
    };
    if args.format != Format::Ksymoops {
        if let Some(path) = &sources.vmlinux {
            add(path, object_file(path));
        }
        let ksyms = sources.kallsyms.as_ref().filter(|_| !args.ksyms.is_empty());
        // For a merged map, which has warnings of its own, `/proc/ksyms` will do.
        let texts = [ksyms, sources.system_map.as_ref()].into_iter().flatten();
        for path in texts.filter(|_| args.save_map.is_empty()) {
            add(path, symbols(path));
        }
    }
    if let Some(path) = args.lsmod.last().filter(|_| !args.no_lsmod).map(|path| expanded(path, kernel)) {
        add(&path, loaded_modules(&path));
    }
    let is_merged = args.format == Format::Ksymoops || !args.save_map.is_empty();
    for path in &sources.modules {
        add(path, modules(path, is_merged));
    }
    for path in &sources.debug_dirs {
        add(path, directory(path));
    }
    add(&sources.root, directory(&sources.root));
    if let Some(path) = &args.source {
        add(path, directory(path));
    }
}

/// Why a source cannot be used.
enum Unusable {
    /// What the system says.
    Error(String),
    /// It has nothing of this kind.
    Empty(&'static str),
}

impl From<io::Error> for Unusable {
    fn from(error: io::Error) -> Self {
        Self::Error(error.to_string())
    }
}

/// A kernel's or module's file, maybe compressed. The words are those of the resolver, which may say the same
/// later.
fn object_file(path: &Path) -> Result<(), Unusable> {
    let mut begin = Vec::new();
    let read = files::open_regular(path).and_then(|file| file.take(16).read_to_end(&mut begin));
    read.map_err(|error| Unusable::Error(format!("cannot be opened: {error}")))?;
    if begin.starts_with(b"\x7fELF") || compress::detect(&begin).is_some() {
        Ok(())
    } else {
        Err(Unusable::Error("not an ELF file".to_owned()))
    }
}

/// A text with at least one symbol of the kernel that has an address.
fn symbols(path: &Path) -> Result<(), Unusable> {
    let mut text = BufReader::new(files::open_regular(path)?.take(MAX_TEXT_BYTES));
    let mut line = Vec::new();
    while text.read_until(b'\n', &mut line)? > 0 {
        if kallsyms(&line).flatten().any(|symbol| symbol.address != 0 && symbol.module.is_none()) {
            return Ok(());
        }
        line.clear();
    }
    Err(Unusable::Empty(SYMBOLS))
}

/// A copy of `/proc/modules`: names and sizes. It is empty if no module was loaded.
fn loaded_modules(path: &Path) -> Result<(), Unusable> {
    let text = files::read_regular(path, MAX_LSMOD_BYTES)?;
    let is_module = |line: &[u8]| {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        words.next().is_some() && words.next().is_some_and(|size| size.iter().all(u8::is_ascii_digit))
    };
    let known = text.is_empty() || text.split(|&byte| byte == b'\n').any(is_module);
    if known { Ok(()) } else { Err(Unusable::Empty(LOADED)) }
}

/// A module, or a directory with one somewhere in it. A module is found by the file's name, but a merged map
/// takes any object file.
fn modules(path: &Path, is_merged: bool) -> Result<(), Unusable> {
    if !fs::metadata(path)?.is_dir() {
        object_file(path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        return if is_merged || is_module_name(&name) { Ok(()) } else { Err(Unusable::Empty(MODULES)) };
    }
    if has_module(path, 0)? { Ok(()) } else { Err(Unusable::Empty(MODULES)) }
}

fn has_module(directory: &Path, depth: usize) -> io::Result<bool> {
    let mut directories = Vec::new();
    for entry in fs::read_dir(directory)?.filter_map(Result::ok) {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => directories.push(entry.path()),
            Ok(_) if is_module_name(&entry.file_name().to_string_lossy()) => return Ok(true),
            _ => {}
        }
    }
    let deeper = depth.saturating_add(1);
    Ok(deeper <= MAX_DEPTH && directories.iter().any(|path| has_module(path, deeper).unwrap_or(false)))
}

/// `foo.ko`, `foo.ko.xz`, `foo.ko.debug`; `foo.o` of kernels before 2.6
fn is_module_name(name: &str) -> bool {
    [".ko", ".ko.gz", ".ko.xz", ".ko.zst", ".ko.debug", ".o"].iter().any(|end| name.ends_with(end))
}

/// A directory that is not empty.
fn directory(path: &Path) -> Result<(), Unusable> {
    if fs::read_dir(path)?.next().is_some() { Ok(()) } else { Err(Unusable::Empty(FILES)) }
}
