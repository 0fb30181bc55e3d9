// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel's own file: found, checked, never guessed.

use super::build;
use ksymoops::resolve::{Answer, Query, Resolver, Sources, Unknown, Warning};
use std::fs;

fn ask(resolver: &Resolver, name: &str) -> Answer {
    let name = name.to_owned();
    resolver.symbolize(&Query::Symbol { module: None, name, offset: 0, size: None, exact: true })
}

#[test]
fn found_by_release_below_the_root() {
    let root = build::folder("root");
    let boot = root.join("usr/lib/debug/boot");
    fs::create_dir_all(&boot).unwrap();
    let vmlinux = boot.join("vmlinux-9.9.9-fixture");
    fs::rename(build::vmlinux(&root, &["-g"]), &vmlinux).unwrap();
    let sources =
        Sources { root: root.clone(), release: Some("9.9.9-fixture".to_owned()), ..Sources::default() };
    let resolver = Resolver::new(sources.clone());
    let place = ask(&resolver, "outer").candidates[0].clone();
    assert_eq!((place.symbol_source, place.line_source), (vmlinux.clone(), Some(vmlinux)));
    assert!(place.frames[0].file.as_deref().unwrap().ends_with("chain.c"));
    assert_eq!(resolver.take_warnings(), []);

    // A release from a log leads nowhere else.
    let release = Some("../boot/vmlinux-9.9.9-fixture".to_owned());
    let resolver = Resolver::new(Sources { release, ..sources });
    assert_eq!(ask(&resolver, "outer").unknown, Some(Unknown::NoKernel));
}

#[test]
fn another_release_or_build_is_a_warning_and_unknown() {
    let folder = build::folder("mismatch");
    let vmlinux = build::vmlinux(&folder, &["-g"]);
    let named = Sources { vmlinux: Some(vmlinux), discover: false, ..Sources::default() };
    let resolver = Resolver::new(Sources { release: Some("6.1.0".to_owned()), ..named.clone() });
    assert_eq!(ask(&resolver, "outer").unknown, Some(Unknown::NoKernel));
    let warnings = resolver.take_warnings();
    assert!(
        matches!(&warnings[..], [Warning::Release { found, .. }] if found == "9.9.9-fixture"),
        "{warnings:?}"
    );

    let build_id = Some("0123456789abcdef".parse().unwrap());
    let resolver = Resolver::new(Sources { build_id, ..named.clone() });
    assert_eq!(ask(&resolver, "outer").unknown, Some(Unknown::NoKernel));
    let warnings = resolver.take_warnings();
    assert!(matches!(&warnings[..], [Warning::BuildId { .. }]), "{warnings:?}");

    // The same release, built again.
    let release = Some("9.9.9-fixture".to_owned());
    let version = Some("#2".to_owned());
    let resolver = Resolver::new(Sources { release: release.clone(), version, ..named.clone() });
    assert_eq!(ask(&resolver, "outer").unknown, Some(Unknown::NoKernel));
    let warnings = resolver.take_warnings();
    assert!(matches!(&warnings[..], [Warning::Version { wanted, .. }] if wanted == "#2"), "{warnings:?}");
    let version = Some("#1".to_owned());
    let resolver = Resolver::new(Sources { release, version, ..named.clone() });
    assert_eq!((ask(&resolver, "outer").candidates.len(), resolver.take_warnings()), (1, Vec::new()));

    let resolver = Resolver::new(named);
    assert_eq!(ask(&resolver, "outer").candidates.len(), 1);
}

#[test]
fn stale_and_censored_maps_are_no_answer() {
    let folder = build::folder("stale");
    let map = folder.join("System.map");
    fs::write(&map, "ffffffff81000000 T _text\nffffffff81000010 T one\nffffffff81000040 t two\n").unwrap();
    let sources = Sources { system_map: Some(map), discover: false, ..Sources::default() };
    let resolver = Resolver::new(sources);
    let sized = |size| {
        resolver.symbolize(&Query::Symbol {
            module: None,
            name: "one".to_owned(),
            offset: 4,
            size: Some(size),
            exact: true,
        })
    };
    assert_eq!(sized(0x30).candidates.len(), 1);
    let stale = sized(0x38);
    assert!(stale.candidates.is_empty(), "{stale:?}");
    assert!(matches!(stale.unknown, Some(Unknown::SizeMismatch { .. })), "{stale:?}");

    // What the kernel shows to those who may not know.
    let kallsyms = folder.join("kallsyms");
    fs::write(&kallsyms, "0000000000000000 T _text\n0000000000000000 T one\n0000000000000000 t a\t[mod]\n")
        .unwrap();
    let resolver = Resolver::new(Sources { kallsyms: Some(kallsyms), discover: false, ..Sources::default() });
    assert!(ask(&resolver, "one").candidates.is_empty());
    for address in [0, 1, 0x10, 0xffff_ffff_8100_0010] {
        assert!(resolver.symbolize(&Query::Address { address, exact: true }).candidates.is_empty());
    }
    assert_eq!(resolver.slide(), None);
}

#[test]
fn a_file_that_is_missing_or_no_elf_is_a_warning() {
    let folder = build::folder("no-elf");
    let text = folder.join("vmlinux");
    fs::write(&text, "text").unwrap();
    for path in [text, folder.join("missing"), folder.clone()] {
        let sources = Sources { vmlinux: Some(path), discover: false, ..Sources::default() };
        let resolver = Resolver::new(sources);
        assert_eq!(ask(&resolver, "outer").unknown, Some(Unknown::NoKernel));
        assert!(matches!(&resolver.take_warnings()[..], [Warning::Unreadable { .. }]));
    }
}

#[test]
fn system_map_and_kallsyms_know_symbols_only() {
    let folder = build::folder("maps");
    let map = folder.join("System.map");
    fs::write(&map, "ffffffff81000000 T _text\nffffffff81000010 T one\nffffffff81000040 t two\n").unwrap();
    let sources = Sources { system_map: Some(map), discover: false, ..Sources::default() };
    let answer = ask(&Resolver::new(sources), "one");
    let place = &answer.candidates[0];
    assert_eq!((place.link_address, place.size, place.address), (0xffff_ffff_8100_0010, Some(0x30), None));
    assert!(matches!(answer.unknown, Some(Unknown::NoLines { .. })));

    let kallsyms = folder.join("kallsyms");
    fs::write(
        &kallsyms,
        "ffffffff91000010 T one\nffffffff91000040 t two\n\
         ffffffffc0000000 t a\t[mod]\nffffffffc0000020 t b\t[mod]\n",
    )
    .unwrap();
    let sources = Sources { kallsyms: Some(kallsyms), discover: false, ..Sources::default() };
    let resolver = Resolver::new(sources);
    let at = |address| resolver.symbolize(&Query::Address { address, exact: true });
    let place = at(0xffff_ffff_9100_0012).candidates[0].clone();
    assert_eq!((place.symbol.as_str(), place.offset, place.address), ("one", 2, Some(0xffff_ffff_9100_0012)));
    let place = at(0xffff_ffff_c000_001f).candidates[0].clone();
    assert_eq!((place.module.as_deref(), place.symbol.as_str()), (Some("mod"), "a"));
    assert!(at(0xffff_ffff_c100_0000).candidates.is_empty(), "far behind the last symbol");
}
