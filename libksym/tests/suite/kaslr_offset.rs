// SPDX-License-Identifier: MIT OR Apache-2.0
//! The KASLR offset, and which source it is from.

use std::ops::Deref;

use libksym::{KaslrHint, KaslrOffset, KaslrPair, KaslrSource, Query, Resolver, Unresolved, Warning};
use modtest::compile as build;

use super::named;

const MOVED: u64 = 0x1a00_0000;

/// A resolver and the folder of its kernel.
struct OfFixture {
    resolver: Resolver,
    _folder: build::Folder,
}

impl Deref for OfFixture {
    type Target = Resolver;

    fn deref(&self) -> &Resolver {
        &self.resolver
    }
}

fn resolver(hint: KaslrHint) -> OfFixture {
    let folder = build::folder("kaslr");
    let vmlinux = build::vmlinux(&folder, &["-g"]);
    let resolver = Resolver::new(named(|sources| {
        sources.vmlinux = Some(vmlinux);
        sources.kaslr = hint;
    }));
    OfFixture { resolver, _folder: folder }
}

fn hint(change: impl FnOnce(&mut KaslrHint)) -> KaslrHint {
    let mut hint = KaslrHint::default();
    change(&mut hint);
    hint
}

fn outer(resolver: &Resolver) -> u64 {
    resolver.symbolize(&Query::symbol(None, "outer", 0, None)).candidates[0].link_address
}

#[test]
fn without_the_kaslr_offset_an_address_is_unknown() {
    let resolver = resolver(KaslrHint::default());
    let query = Query::address(outer(&resolver));
    assert_eq!(resolver.symbolize(&query).unresolved, Some(Unresolved::NoKaslrOffset));
    assert_eq!(resolver.kaslr_offset(), None);
}

#[test]
fn an_old_kernel_has_none() {
    let sources = named(|sources| sources.release = Some("2.6.32-5-amd64".to_owned()));
    let moved = Resolver::new(sources).kaslr_offset();
    assert_eq!(moved, Some(KaslrOffset { bytes: 0, source: KaslrSource::Release }));
}

#[test]
fn each_source_is_named() {
    let address = outer(&resolver(KaslrHint::default())).wrapping_add(MOVED);
    let pair = KaslrPair::new(address + 2, "outer", 2, None);
    // A hashed address and an ambiguous symbol are of no use.
    let hashed = KaslrPair::new(0x1234_5679, "outer", 2, None);
    let twice = KaslrPair::new(address + 2, "twin", 2, None);
    for (hint, source) in [
        (KaslrHint::known(MOVED), KaslrSource::Option),
        (hint(|hint| hint.kernel_offset = Some(MOVED)), KaslrSource::KernelOffset),
        (hint(|hint| hint.pairs = vec![hashed, twice, pair]), KaslrSource::Pairs),
        (hint(|hint| hint.journal = Some(("outer".to_owned(), address))), KaslrSource::Journal),
    ] {
        let resolver = resolver(hint);
        assert_eq!(resolver.kaslr_offset(), Some(KaslrOffset { bytes: MOVED, source }));
        let place = resolver.symbolize(&Query::address(address)).candidates[0].clone();
        assert_eq!((place.symbol.as_str(), place.offset, place.address), ("outer", 0, Some(address)));
        assert_eq!(resolver.take_warnings(), []);
    }
}

#[test]
fn disabled_counts_where_nobody_else_tells() {
    let alone = resolver(hint(|hint| hint.disabled = true));
    assert_eq!(alone.kaslr_offset(), Some(KaslrOffset { bytes: 0, source: KaslrSource::KernelOffset }));
    let address = outer(&resolver(KaslrHint::default())).wrapping_add(MOVED);
    let journal = Some(("outer".to_owned(), address));
    let moved = resolver(hint(|hint| (hint.disabled, hint.journal) = (true, journal)));
    assert_eq!(moved.kaslr_offset(), Some(KaslrOffset { bytes: MOVED, source: KaslrSource::Journal }));
    assert_eq!(moved.take_warnings(), []);
}

#[test]
fn contradictions_are_told() {
    let hint = hint(|hint| (hint.option, hint.kernel_offset) = (Some(0), Some(MOVED)));
    let resolver = resolver(hint);
    assert_eq!(resolver.kaslr_offset().unwrap().source, KaslrSource::Option);
    assert!(matches!(&resolver.take_warnings()[..], [Warning::KaslrOffset { other: MOVED, .. }]));
}

#[test]
fn outside_of_everything() {
    let resolver = resolver(KaslrHint::known(0));
    for address in [0, 1, 0x10, 0xffff_ffff_8000_0000, u64::MAX, 0xdead_0000_0000_0100] {
        for is_return in [false, true] {
            let answer = resolver.symbolize(&Query::Address { address, is_return });
            assert_eq!(answer.unresolved, Some(Unresolved::Outside { address }), "{address:#x}");
        }
    }
}
