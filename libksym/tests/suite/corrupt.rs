// SPDX-License-Identifier: MIT OR Apache-2.0
//! Damaged files: no panic, no endless loop, no memory without bound.

use std::sync::OnceLock;

use libksym::{KaslrHint, Query, Resolver};
use modtest::compile as build;
use proptest::prelude::*;

use super::named;

/// An undamaged module.
fn original() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| std::fs::read(build::module(&build::folder("corrupt"), &["-g"])).unwrap())
}

fn ask_everything(bytes: &[u8]) {
    let folder = build::folder("damaged");
    let path = folder.join("fix-ture.ko");
    std::fs::write(&path, bytes).unwrap();
    let resolver = Resolver::new(named(|sources| sources.modules = vec![path.clone()]));
    let query = |(name, offset): (&str, u64)| {
        let query = Query::symbol(Some("fix_ture"), name, offset, None);
        if offset % 2 == 0 { query } else { query.returning() }
    };
    let names = ["outer", "setup", "helper", "twin", "call_other"];
    let queries: Vec<_> =
        names.iter().flat_map(|&name| (0..12).map(move |at| (name, at))).map(query).collect();
    let answers = resolver.symbolize_all(&queries);
    assert_eq!(answers.len(), queries.len());
    for answer in answers {
        assert!(answer.unresolved.is_some() || !answer.candidates.is_empty());
    }
    let kernel = Resolver::new(named(|sources| sources.vmlinux = Some(path)));
    let _ = kernel.symbolize(&Query::address(0x1_0001).returning());
}

/// An undamaged kernel.
fn kernel() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| std::fs::read(build::vmlinux(&build::folder("corrupt"), &["-g"])).unwrap())
}

fn ask_kernel(bytes: &[u8]) {
    let folder = build::folder("damaged-kernel");
    let path = folder.join("vmlinux");
    std::fs::write(&path, bytes).unwrap();
    let resolver = Resolver::new(named(|sources| {
        sources.vmlinux = Some(path);
        sources.kaslr = KaslrHint::known(0);
    }));
    for at in 0..0x100 {
        let address = 0xffff_ffff_8100_0000 + at;
        let answer = resolver.symbolize(&Query::Address { address, is_return: at % 2 != 0 });
        assert!(answer.unresolved.is_some() || !answer.candidates.is_empty());
    }
}

/// The range of a section in the file; `None` if the compiler wrote none of that name.
fn range(bytes: &[u8], name: &str) -> Option<std::ops::Range<usize>> {
    use object::{Object, ObjectSection};
    let file = object::File::parse(bytes).unwrap();
    let (start, size) = file.section_by_name(name)?.file_range()?;
    (size > 0).then_some(start as usize..(start + size) as usize)
}

/// Checks the largest memory that this process ever had, in KiB.
fn assert_memory_is_bounded() {
    use nix::sys::resource::{UsageWho, getrusage};
    let most = getrusage(UsageWho::RUSAGE_SELF).unwrap().max_rss();
    assert!(most < 1 << 20, "{most} KiB");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn truncated(size in 0..original().len()) {
        ask_everything(&original()[..size]);
    }

    #[test]
    fn flipped(places in prop::collection::vec((0..original().len(), 0_u8..8), 1..40)) {
        let mut bytes = original().to_vec();
        places.into_iter().for_each(|(at, bit)| bytes[at] ^= 1 << bit);
        ask_everything(&bytes);
    }

    #[test]
    fn flipped_in_debug_information(
        name in prop::sample::select(vec![
            ".debug_info", ".debug_line", ".debug_abbrev", ".debug_rnglists", ".debug_aranges",
            ".debug_line_str", ".rela.debug_info", ".rela.debug_line",
        ]),
        places in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 1..30),
    ) {
        let mut bytes = original().to_vec();
        let Some(range) = range(&bytes, name) else { return Ok(()) };
        for (place, bit) in places {
            bytes[range.start + place.index(range.len())] ^= 1 << bit;
        }
        ask_everything(&bytes);
        assert_memory_is_bounded();
    }

    #[test]
    fn flipped_in_debug_information_of_a_kernel(
        name in prop::sample::select(vec![".debug_info", ".debug_line", ".debug_abbrev", ".debug_rnglists"]),
        places in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 1..30),
    ) {
        let mut bytes = kernel().to_vec();
        let Some(range) = range(&bytes, name) else { return Ok(()) };
        for (place, bit) in places {
            bytes[range.start + place.index(range.len())] ^= 1 << bit;
        }
        ask_kernel(&bytes);
        assert_memory_is_bounded();
    }

    #[test]
    fn overwritten(at in 0..original().len(), with in prop::collection::vec(any::<u8>(), 1..64)) {
        let mut bytes = original().to_vec();
        for (byte, new) in bytes[at..].iter_mut().zip(with) {
            *byte = new;
        }
        ask_everything(&bytes);
    }
}
