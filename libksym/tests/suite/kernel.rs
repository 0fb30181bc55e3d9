// SPDX-License-Identifier: MIT OR Apache-2.0
//! vmlinux, `System.map` and kallsyms: found, checked, never guessed.

use std::fs;

use libksym::{Answer, Discover, FileSearch, KaslrHint, Query, Resolver, Sources, Unresolved, Warning};
use modtest::compile as build;

use super::{changed, named};

fn ask(resolver: &Resolver, name: &str) -> Answer {
    resolver.symbolize(&Query::symbol(None, name, 0, None))
}

#[test]
fn found_by_release_below_the_root() {
    let root = build::folder("root");
    let boot = root.join("usr/lib/debug/boot");
    fs::create_dir_all(&boot).unwrap();
    let vmlinux = boot.join("vmlinux-9.9.9-fixture");
    fs::rename(build::vmlinux(&root, &["-g"]), &vmlinux).unwrap();
    let mut sources = Sources::default();
    sources.root = root.to_owned();
    sources.release = Some("9.9.9-fixture".to_owned());
    let resolver = Resolver::new(sources.clone());
    let place = ask(&resolver, "outer").candidates[0].clone();
    assert_eq!((place.symbol_source, place.line_source), (vmlinux.clone(), Some(vmlinux)));
    assert!(place.frames[0].file.as_deref().unwrap().ends_with("chain.c"));
    assert_eq!(resolver.take_warnings(), []);

    // A release, which comes from a log, cannot lead to other folders.
    let release = Some("../boot/vmlinux-9.9.9-fixture".to_owned());
    let resolver = Resolver::new(changed(&sources, |sources| sources.release = release));
    assert_eq!(ask(&resolver, "outer").unresolved, Some(Unresolved::NoKernel));
}

#[test]
fn each_kind_is_looked_for_by_itself() {
    let root = build::folder("kinds");
    fs::create_dir_all(root.join("boot")).unwrap();
    let modules = root.join("lib/modules/9.9.9-fixture");
    fs::create_dir_all(&modules).unwrap();
    fs::rename(build::vmlinux(&root, &["-g"]), root.join("boot/vmlinux-9.9.9-fixture")).unwrap();
    fs::rename(build::module(&root, &["-g"]), modules.join("fix-ture.ko")).unwrap();
    let map = "ffffffff81000000 T only_in_map\nffffffff81000010 T _end\n";
    fs::write(root.join("boot/System.map-9.9.9-fixture"), map).unwrap();
    let all = Discover::all(FileSearch::Usual);
    let but = |change: fn(&mut Discover)| {
        let mut discover = all;
        change(&mut discover);
        discover
    };
    let found = |discover| {
        let mut sources = Sources::default();
        sources.root = root.to_owned();
        sources.release = Some("9.9.9-fixture".to_owned());
        sources.discover = discover;
        let resolver = Resolver::new(sources);
        let in_module = resolver.symbolize(&Query::symbol(Some("fix_ture"), "outer", 0, None));
        let one = |answer: Answer| !answer.candidates.is_empty();
        [one(ask(&resolver, "outer")), one(ask(&resolver, "only_in_map")), one(in_module)]
    };
    // System.map is used only without a vmlinux.
    assert_eq!(found(all), [true, false, true]);
    assert_eq!(found(but(|it| it.kernel = FileSearch::Nowhere)), [false, true, true]);
    let modules_only = but(|it| (it.kernel, it.system_map) = (FileSearch::Nowhere, FileSearch::Nowhere));
    assert_eq!(found(modules_only), [false, false, true]);
    assert_eq!(found(but(|it| it.modules = FileSearch::Nowhere)), [true, false, false]);
    assert_eq!(found(Discover::all(FileSearch::Named)), [false; 3]);
}

#[test]
fn another_release_or_build_is_a_warning_and_unknown() {
    let folder = build::folder("mismatch");
    let vmlinux = build::vmlinux(&folder, &["-g"]);
    let named = named(|sources| sources.vmlinux = Some(vmlinux));
    let with = |change: fn(&mut Sources)| Resolver::new(changed(&named, change));
    let resolver = with(|sources| sources.release = Some("6.1.0".to_owned()));
    assert_eq!(ask(&resolver, "outer").unresolved, Some(Unresolved::NoKernel));
    let warnings = resolver.take_warnings();
    assert!(
        matches!(&warnings[..], [Warning::Release { found, .. }] if found == "9.9.9-fixture"),
        "{warnings:?}"
    );

    let resolver = with(|sources| sources.build_id = Some("0123456789abcdef".parse().unwrap()));
    assert_eq!(ask(&resolver, "outer").unresolved, Some(Unresolved::NoKernel));
    let warnings = resolver.take_warnings();
    assert!(matches!(&warnings[..], [Warning::BuildId { .. }]), "{warnings:?}");

    // The same release, built again.
    let resolver = with(|sources| {
        sources.release = Some("9.9.9-fixture".to_owned());
        sources.version = Some("#2".to_owned());
    });
    assert_eq!(ask(&resolver, "outer").unresolved, Some(Unresolved::NoKernel));
    let warnings = resolver.take_warnings();
    assert!(matches!(&warnings[..], [Warning::Version { wanted, .. }] if wanted == "#2"), "{warnings:?}");
    let resolver = with(|sources| {
        sources.release = Some("9.9.9-fixture".to_owned());
        sources.version = Some("#1".to_owned());
    });
    assert_eq!((ask(&resolver, "outer").candidates.len(), resolver.take_warnings()), (1, Vec::new()));

    let resolver = Resolver::new(named);
    assert_eq!(ask(&resolver, "outer").candidates.len(), 1);
}

#[test]
fn stale_and_censored_maps_are_no_answer() {
    let folder = build::folder("stale");
    let map = folder.join("System.map");
    fs::write(&map, "ffffffff81000000 T _text\nffffffff81000010 T one\nffffffff81000040 t two\n").unwrap();
    let resolver = Resolver::new(named(|sources| sources.system_map = Some(map)));
    let sized = |size| resolver.symbolize(&Query::symbol(None, "one", 4, Some(size)));
    assert_eq!(sized(0x30).candidates.len(), 1);
    let stale = sized(0x38);
    assert!(stale.candidates.is_empty(), "{stale:?}");
    assert!(matches!(stale.unresolved, Some(Unresolved::SizeMismatch { .. })), "{stale:?}");

    // As the kernel shows it to unprivileged readers.
    let kallsyms = folder.join("kallsyms");
    fs::write(&kallsyms, "0000000000000000 T _text\n0000000000000000 T one\n0000000000000000 t a\t[mod]\n")
        .unwrap();
    let resolver = Resolver::new(named(|sources| sources.kallsyms = Some(kallsyms)));
    assert!(ask(&resolver, "one").candidates.is_empty());
    for address in [0, 1, 0x10, 0xffff_ffff_8100_0010] {
        assert!(resolver.symbolize(&Query::address(address)).candidates.is_empty());
    }
    assert_eq!(resolver.kaslr_offset(), None);
}

#[test]
fn a_file_that_is_missing_or_no_elf_is_a_warning() {
    let folder = build::folder("no-elf");
    let text = folder.join("vmlinux");
    fs::write(&text, "text").unwrap();
    for path in [text, folder.join("missing"), folder.to_owned()] {
        let resolver = Resolver::new(named(|sources| sources.vmlinux = Some(path)));
        assert_eq!(ask(&resolver, "outer").unresolved, Some(Unresolved::NoKernel));
        assert!(matches!(&resolver.take_warnings()[..], [Warning::Unreadable { .. }]));
    }
}

#[test]
fn system_map_and_kallsyms_know_symbols_only() {
    let folder = build::folder("maps");
    let map = folder.join("System.map");
    fs::write(&map, "ffffffff81000000 T _text\nffffffff81000010 T one\nffffffff81000040 t two\n").unwrap();
    let answer = ask(&Resolver::new(named(|sources| sources.system_map = Some(map))), "one");
    let place = &answer.candidates[0];
    assert_eq!((place.link_address, place.size, place.address), (0xffff_ffff_8100_0010, Some(0x30), None));
    assert!(matches!(answer.unresolved, Some(Unresolved::NoDebugInfo { .. })));

    let kallsyms = folder.join("kallsyms");
    fs::write(
        &kallsyms,
        "ffffffff91000010 T one\nffffffff91000040 t two\n\
         ffffffffc0000000 t a\t[mod]\nffffffffc0000020 t b\t[mod]\n",
    )
    .unwrap();
    let resolver = Resolver::new(named(|sources| sources.kallsyms = Some(kallsyms)));
    let at = |address| resolver.symbolize(&Query::address(address));
    let place = at(0xffff_ffff_9100_0012).candidates[0].clone();
    assert_eq!((place.symbol.as_str(), place.offset, place.address), ("one", 2, Some(0xffff_ffff_9100_0012)));
    let place = at(0xffff_ffff_c000_001f).candidates[0].clone();
    assert_eq!((place.module.as_deref(), place.symbol.as_str()), (Some("mod"), "a"));
    assert!(at(0xffff_ffff_c100_0000).candidates.is_empty(), "far past the last symbol");
}

/// The symbols of addresses, with offset and size, from a text that is `kallsyms` or else `System.map`.
fn names(kallsyms: bool, text: &str, modules: Option<&str>, addresses: &[u64]) -> Vec<String> {
    let folder = build::folder("bounds");
    let file = folder.join("text");
    fs::write(&file, text).unwrap();
    let resolver = Resolver::new(named(|sources| {
        sources.kallsyms = Some(file.clone()).filter(|_| kallsyms);
        sources.system_map = Some(file).filter(|_| !kallsyms);
        sources.modules_text = modules.map(|text| text.as_bytes().to_vec());
        sources.kaslr = KaslrHint::known(0);
    }));
    let name = |&address: &u64| {
        let answer = resolver.symbolize(&Query::address(address));
        match &answer.candidates[..] {
            [] => {
                assert_eq!(answer.unresolved, Some(Unresolved::Outside { address }));
                "outside".to_owned()
            }
            [only] => format!("{}+{:#x}/{:#x}", only.symbol, only.offset, only.size.unwrap()),
            several => panic!("{several:?}"),
        }
    };
    addresses.iter().map(name).collect()
}

#[test]
fn the_gap_after_the_per_cpu_variables_is_no_symbol() {
    let map = "0000000000001000 D cpu_debug_store\n0000000000035000 D __per_cpu_end\n\
               ffffffff81000000 T _stext\nffffffff81000000 T _text\nffffffff81000100 T f\n\
               ffffffff81000200 T g\nffffffff82000000 B _end\nffffffffff600000 T vsyscall\n\
               ffffffffff601000 T last\n";
    let addresses = [
        0x1010,
        0x35010,
        0xffff_8880_eb60_7000,
        0xffff_c900_0012_3f00,
        0xffff_ffff_80ff_fff0,
        0xffff_ffff_8100_0110,
        0xffff_ffff_8200_0010,
        0xffff_ffff_c012_3456,
        0xffff_ffff_ff60_0010,
    ];
    for kallsyms in [false, true] {
        let mut found = names(kallsyms, map, None, &addresses);
        assert_eq!(found.remove(5), "f+0x10/0x100");
        assert_eq!(found, ["outside"; 8]);
    }
}

#[test]
fn the_gap_after_a_module_is_no_symbol() {
    let text = "ffffffff81000000 T _text\nffffffff81000100 T f\n\
                ffffffffc0000000 t a_read\t[a]\nffffffffc0002000 t a_exit\t[a]\n\
                ffffffffc0100000 d a_data\t[a]\nffffffffc0100040 d a_data2\t[a]\n";
    let addresses =
        [0xffff_ffff_c000_2010, 0xffff_ffff_c000_4000, 0xffff_ffff_c005_0000, 0xffff_ffff_c010_0010];
    let range = "a 16384 0 - Live 0xffffffffc0000000\n";
    assert_eq!(
        names(true, text, Some(range), &addresses),
        ["a_exit+0x10/0x2000", "outside", "outside", "a_data+0x10/0x40"]
    );
    // Without /proc/modules the size of the module is not known.
    assert_eq!(
        names(true, text, None, &addresses),
        ["a_exit+0x10/0x40000", "a_exit+0x2000/0x40000", "outside", "a_data+0x10/0x40"]
    );
}
