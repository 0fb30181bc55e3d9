// SPDX-License-Identifier: MIT OR Apache-2.0
//! Seeds from a file: what it is, its contents tell.

use libmodfmt::elf::{ByteOrder, Object, Section};
use libmodfmt::file::ModuleFile;

use super::{JOURNAL, MAX_MODULE_BYTES, Seed, versions};

/// Bytes of a piece of a log. Reports are rarely longer.
const LOG_PIECE_BYTES: usize = 6 << 10;
/// Most pieces of one log.
const MAX_LOG_PIECES: usize = 40;

/// The seeds that a file gives: a module, an object file, a journal or a log.
#[must_use]
pub fn from_file(content: &[u8]) -> Vec<Seed> {
    let file = ModuleFile::new(content, MAX_MODULE_BYTES);
    match file.unsigned_image() {
        Ok(image) if image.starts_with(b"\x7fELF") => object(&file, image),
        _ if content.starts_with(b"{\"") => {
            let text = [&[JOURNAL], cut(content, 0)].concat();
            vec![Seed::new("texts", text)]
        }
        _ => log(content),
    }
}

fn object(file: &ModuleFile, image: &[u8]) -> Vec<Seed> {
    let mut seeds = vec![Seed::new("dwarf", image), Seed::new("symbols", image)];
    if let Ok(Some(persistent)) = file.persistent() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            seeds.push(Seed::new("header", persistent.header().to_note(order)));
        }
        seeds.push(Seed::new("header", persistent.header().types.to_bytes()));
        seeds.extend(versions::of_header(persistent.header()));
    }
    if let Ok(object) = Object::parse(image) {
        if let Some((_, section)) = object.section(".BTF") {
            seeds.push(Seed::new("btf", section.data.to_vec()));
        }
        let small = without_debug_information(object);
        seeds.extend(["image", "module_file", "symbols"].map(|target| Seed::new(target, small.clone())));
    }
    seeds
}

/// The file with the debug sections emptied: they are most of it, and have a target of their own.
fn without_debug_information(mut object: Object<'_>) -> Vec<u8> {
    let is_debug = |section: &Section<'_>| {
        [&b".debug"[..], b".rela.debug", b".BTF", b".comment"]
            .iter()
            .any(|start| section.name.starts_with(start))
    };
    object.sections.iter_mut().filter(|section| is_debug(section)).for_each(Section::clear);
    object.write().unwrap_or_default()
}

/// Pieces that begin and end at line ends.
fn log(content: &[u8]) -> Vec<Seed> {
    let mut seeds = Vec::new();
    let mut at = 0;
    while at < content.len() && seeds.len() < MAX_LOG_PIECES {
        let piece = cut(content, at);
        at += piece.len().max(1);
        seeds.push(Seed::new("log", piece));
    }
    seeds
}

fn cut(content: &[u8], at: usize) -> &[u8] {
    let rest = content.get(at..).unwrap_or_default();
    let room = rest.get(..LOG_PIECE_BYTES).unwrap_or(rest);
    match room.iter().rposition(|byte| *byte == b'\n') {
        Some(end) if room.len() < rest.len() => room.get(..=end).unwrap_or(room),
        _ => room,
    }
}

#[cfg(test)]
mod tests {
    use modtest::module::Make;

    use super::*;

    #[test]
    fn a_module_is_one_seed_of_several_targets() {
        let seeds = from_file(&Make::typical("foo").build());
        let targets: Vec<_> = seeds.iter().map(|seed| seed.target).collect();
        for wanted in ["dwarf", "symbols", "header", "image", "module_file"] {
            assert!(targets.contains(&wanted), "{wanted}");
        }
    }

    #[test]
    fn a_log_is_cut_between_lines() {
        let line = b"[    1.000000] BUG: kernel NULL pointer dereference, address: 0000000000000008\n";
        let seeds = from_file(&line.repeat(200));
        assert!(seeds.len() > 1 && seeds.iter().all(|seed| seed.data.ends_with(b"\n")));
        assert_eq!(seeds.iter().map(|seed| seed.data.len()).sum::<usize>(), line.len() * 200);
    }
}
