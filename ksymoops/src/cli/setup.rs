// SPDX-License-Identifier: MIT OR Apache-2.0
//! From the options to the decoder.

use std::io::Read;
use std::path::Path;

use anyhow::Result;
use libksym::files::below_root;
use libmodsys::{Kernel, files};
use modrecord::paths::LOG_DIRECTORY;

use super::args::Args;
use super::named_sources;
use super::sources::sources;
use crate::debuginfod::Servers;
use crate::decode::Decoder;
use crate::persistent::{FieldNames, regions_of_copies, regions_of_kernel, tokens_of_kernel};
use crate::{Warning, journal};

/// Larger type information of a kernel is not read; a distribution's has 5 MB.
const MAX_BTF_BYTES: u64 = 256 << 20;

/// Makes the decoder. What cannot be read, but is not essential, is reported in `warnings`.
///
/// # Errors
/// An option is malformed.
pub(super) fn decoder(args: &Args, kernel: &dyn Kernel, warnings: &mut Vec<Warning>) -> Result<Decoder> {
    let mut decoder = Decoder::default();
    decoder.sources = sources(args, kernel)?;
    named_sources::check(args, &decoder.sources, kernel, warnings);
    decoder.servers = Servers::of_environment().filter(|_| !args.no_discovery);
    decoder.sources.debug_dirs.extend(decoder.servers.as_ref().map(|servers| servers.folder().to_owned()));
    let (btf_files, persist): (Vec<_>, Vec<_>) = args.persist.iter().cloned().partition(|path| is_btf(path));

    let mut journals = persist.clone();
    let default = below_root(&args.root, Path::new(LOG_DIRECTORY));
    if !args.no_journal && default.is_dir() {
        journals.push(default);
    }
    decoder.regions = regions_of_copies(&persist, warnings);
    // What holds now may only be used for a log that is certainly from this boot.
    if args.dmesg {
        decoder.regions.extend(regions_of_kernel(kernel, warnings));
        decoder.tokens = tokens_of_kernel(kernel, warnings);
    }
    decoder.journal = journal::load(&journals, warnings);
    decoder.boot.clone_from(&args.boot);
    if let Some(running) = kernel.boot().ok().filter(|_| args.dmesg && args.boot.is_none()) {
        let boots = decoder.journal.boots();
        decoder.boot = boots.iter().find(|boot| boot.id == running.id).map(|boot| boot.id.clone());
    }

    let mut module_files = decoder.sources.modules.clone();
    module_files.extend(decoder.sources.debug_dirs.iter().cloned());
    let running = args.dmesg.then(|| kernel.vmlinux_btf().ok().flatten()).flatten();
    let kernel_types =
        btf_files.iter().filter_map(|path| files::read_regular(path, MAX_BTF_BYTES).ok()).chain(running);
    decoder.field_names = kernel_types.fold(FieldNames::new(module_files), FieldNames::with_kernel_types);
    Ok(decoder)
}

/// Whether a file is a copy of `/sys/kernel/btf/vmlinux`, by the magic number of BTF in either byte order.
fn is_btf(path: &Path) -> bool {
    let mut magic = [0; 2];
    let read = files::open_regular(path).and_then(|mut file| file.read_exact(&mut magic));
    read.is_ok() && matches!(magic, [0x9f, 0xeb] | [0xeb, 0x9f])
}
