// SPDX-License-Identifier: MIT OR Apache-2.0
//! How far the kernel was moved, and who says so.

use libksym::{
    Discover, KaslrHint, KaslrPair, Places, Query, Resolver, Slide, SlideSource, Sources, Unknown, Warning,
};
use modtest::compile as build;

const SLIDE: u64 = 0x1a00_0000;

fn resolver(hint: KaslrHint) -> Resolver {
    let vmlinux = build::vmlinux(&build::folder("slide"), &["-g"]);
    Resolver::new(Sources {
        vmlinux: Some(vmlinux),
        kaslr: hint,
        discover: Discover::all(Places::Named),
        ..Sources::default()
    })
}

fn outer(resolver: &Resolver) -> u64 {
    let name = "outer".to_owned();
    let query = Query::Symbol { module: None, name, offset: 0, size: None, exact: true };
    resolver.symbolize(&query).candidates[0].link_address
}

#[test]
fn without_a_slide_an_address_is_unknown() {
    let resolver = resolver(KaslrHint::default());
    let query = Query::Address { address: outer(&resolver), exact: true };
    assert_eq!(resolver.symbolize(&query).unknown, Some(Unknown::NoSlide));
    assert_eq!(resolver.slide(), None);
}

#[test]
fn an_old_kernel_has_none() {
    let sources = Sources {
        release: Some("2.6.32-5-amd64".to_owned()),
        discover: Discover::all(Places::Named),
        ..Sources::default()
    };
    let slide = Resolver::new(sources).slide();
    assert_eq!(slide, Some(Slide { offset: 0, source: SlideSource::Release }));
}

#[test]
fn each_source_is_named() {
    let address = outer(&resolver(KaslrHint::default())).wrapping_add(SLIDE);
    let pair = KaslrPair { address: address + 2, symbol: "outer".to_owned(), offset: 2, size: None };
    // A hashed address, and a symbol that there are two of, say nothing.
    let hashed = KaslrPair { address: 0x1234_5679, ..pair.clone() };
    let twice = KaslrPair { symbol: "twin".to_owned(), ..pair.clone() };
    for (hint, source) in [
        (KaslrHint { option: Some(SLIDE), ..KaslrHint::default() }, SlideSource::Option),
        (KaslrHint { kernel_offset: Some(SLIDE), ..KaslrHint::default() }, SlideSource::KernelOffset),
        (KaslrHint { pairs: vec![hashed, twice, pair], ..KaslrHint::default() }, SlideSource::Pairs),
        (
            KaslrHint { journal: Some(("outer".to_owned(), address)), ..KaslrHint::default() },
            SlideSource::Journal,
        ),
    ] {
        let resolver = resolver(hint);
        assert_eq!(resolver.slide(), Some(Slide { offset: SLIDE, source }));
        let place = resolver.symbolize(&Query::Address { address, exact: true }).candidates[0].clone();
        assert_eq!((place.symbol.as_str(), place.offset, place.address), ("outer", 0, Some(address)));
        assert_eq!(resolver.take_warnings(), []);
    }
}

#[test]
fn disabled_counts_where_nobody_else_tells() {
    let alone = resolver(KaslrHint { disabled: true, ..KaslrHint::default() });
    assert_eq!(alone.slide(), Some(Slide { offset: 0, source: SlideSource::KernelOffset }));
    let address = outer(&resolver(KaslrHint::default())).wrapping_add(SLIDE);
    let journal = Some(("outer".to_owned(), address));
    let moved = resolver(KaslrHint { disabled: true, journal, ..KaslrHint::default() });
    assert_eq!(moved.slide(), Some(Slide { offset: SLIDE, source: SlideSource::Journal }));
    assert_eq!(moved.take_warnings(), []);
}

#[test]
fn contradictions_are_told() {
    let hint = KaslrHint { option: Some(0), kernel_offset: Some(SLIDE), ..KaslrHint::default() };
    let resolver = resolver(hint);
    assert_eq!(resolver.slide().unwrap().source, SlideSource::Option);
    assert!(matches!(&resolver.take_warnings()[..], [Warning::Slide { other: SLIDE, .. }]));
}

#[test]
fn outside_of_everything() {
    let resolver = resolver(KaslrHint { option: Some(0), ..KaslrHint::default() });
    for address in [0, 1, 0x10, 0xffff_ffff_8000_0000, u64::MAX, 0xdead_0000_0000_0100] {
        for exact in [true, false] {
            let answer = resolver.symbolize(&Query::Address { address, exact });
            assert_eq!(answer.unknown, Some(Unknown::Outside { address }), "{address:#x}");
        }
    }
}
