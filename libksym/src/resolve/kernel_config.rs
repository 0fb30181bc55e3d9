// SPDX-License-Identifier: MIT OR Apache-2.0
//! The configuration that a kernel was built with: in its file (`CONFIG_IKCONFIG`), or in a file
//! `config-RELEASE` beside that or in `/boot`, as distributions install it.

use std::io::Read;
use std::path::{Path, PathBuf};

use libmodfmt::compress;

use crate::files;
use crate::sources::{FileSearch, Sources};
use crate::symbols_and_debug::Binary;

/// No configuration is larger.
const MAX_TEXT_BYTES: u64 = 4 << 20;
/// Nor is it when compressed.
const MAX_COMPRESSED_BYTES: u64 = 1 << 20;

/// In front of the compressed text, and behind it (kernel/configs.c).
const BEGIN: &[u8] = b"IKCFG_ST";
const END: &[u8] = b"IKCFG_ED";

/// The text; `None` if there is none that is certain.
pub(super) fn read(sources: &Sources, kernel: Option<&Binary>) -> Option<String> {
    kernel.and_then(in_kernel).or_else(|| beside(sources, kernel))
}

/// What the kernel's file contains.
fn in_kernel(kernel: &Binary) -> Option<String> {
    let image = &kernel.image;
    let symbol = kernel.table.by_name(b"kernel_config_data").next()?;
    let index = symbol.section as usize;
    let section = image.sections().get(index)?;
    let offset = symbol.address.checked_sub(section.address)?;
    // Up to 5.0 the symbol is in front of the mark, later behind it.
    let data = image.read_raw(index, offset, MAX_COMPRESSED_BYTES).ok()?;
    text_of(data.strip_prefix(BEGIN).unwrap_or(&data))
}

/// Unpacks what ends with the mark.
fn text_of(data: &[u8]) -> Option<String> {
    let end = data.windows(END.len()).position(|bytes| bytes == END)?;
    let text = compress::decompress(data.get(..end)?, MAX_TEXT_BYTES).ok()?;
    is_config(&text).then(|| String::from_utf8_lossy(&text).into_owned())
}

/// A file that names the release of the report.
fn beside(sources: &Sources, kernel: Option<&Binary>) -> Option<String> {
    if sources.discover.kernel == FileSearch::Nowhere {
        return None;
    }
    let release = sources.release.as_deref()?;
    // It comes from an untrusted log, and must not lead to other folders.
    if release.is_empty() || release.starts_with('.') || release.contains(['/', '\0']) {
        return None;
    }
    let name = format!("config-{release}");
    let folder = kernel.and_then(|kernel| Some(kernel.path().parent()?.join(&name)));
    let usual = sources.discover.kernel == FileSearch::Usual;
    let boot = usual.then(|| files::below_root(&sources.root, &Path::new("/boot").join(&name)));
    folder.into_iter().chain(boot).find_map(of_file)
}

fn of_file(path: PathBuf) -> Option<String> {
    let mut text = Vec::new();
    files::open_regular(&path).ok()?.take(MAX_TEXT_BYTES).read_to_end(&mut text).ok()?;
    is_config(&text).then(|| String::from_utf8_lossy(&text).into_owned())
}

fn is_config(text: &[u8]) -> bool {
    text.windows(7).any(|bytes| bytes == b"CONFIG_")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_the_kernel_has_is_unpacked() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(b"# Linux\nCONFIG_KASAN_SHADOW_OFFSET=0xdfff800000000000\n").unwrap();
        let mut data = packed.finish().unwrap();
        assert_eq!(text_of(&data), None, "it has no end");
        data.extend(b"IKCFG_ED and what follows");
        assert!(text_of(&data).unwrap().contains("=0xdfff800000000000"));
        data[12] ^= 0xff;
        assert_eq!(text_of(&data), None);
        assert_eq!(text_of(b"IKCFG_ED"), None);
    }

    #[test]
    fn files_are_found_by_the_release() {
        let root = tempfile::tempdir().unwrap();
        let boot = root.path().join("boot");
        std::fs::create_dir(&boot).unwrap();
        std::fs::write(boot.join("config-6.1.0"), "CONFIG_X=y\n").unwrap();
        std::fs::write(root.path().join("config-secret"), "CONFIG_X=y\n").unwrap();
        let found = |release: Option<&str>, search| {
            let mut sources = Sources::new(search);
            sources.root = root.path().to_owned();
            sources.release = release.map(str::to_owned);
            read(&sources, None)
        };
        assert_eq!(found(Some("6.1.0"), FileSearch::Usual).as_deref(), Some("CONFIG_X=y\n"));
        for (release, search) in [
            (Some("6.1.1"), FileSearch::Usual),
            (Some("../../config-secret"), FileSearch::Usual),
            (Some("6.1.0"), FileSearch::Named),
            (Some("6.1.0"), FileSearch::Nowhere),
            (None, FileSearch::Usual),
        ] {
            assert_eq!(found(release, search), None, "{release:?} {search:?}");
        }
    }
}
