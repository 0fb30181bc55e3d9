// SPDX-License-Identifier: MIT OR Apache-2.0
//! Symbols of modules: sections kept apart, debug information relocated, duplicates by size.

use std::io::Write;
use std::path::{Path, PathBuf};

use libksym::{Answer, KaslrHint, LoadedModule, Query, Resolver, Unresolved, Warning};
use modtest::compile as build;

use super::{changed, named};

fn resolver(module: &Path) -> Resolver {
    Resolver::new(named(|sources| sources.modules = vec![module.to_owned()]))
}

/// A loaded module of which the build id is known.
fn loaded_build(name: &str, build_id: libksym::BuildId) -> LoadedModule {
    let mut loaded = LoadedModule::new(name);
    loaded.build_id = Some(build_id);
    loaded
}

/// A loaded module of which the addresses of sections are known.
fn loaded_at(name: &str, sections: &[(&str, u64)]) -> LoadedModule {
    let mut loaded = LoadedModule::new(name);
    loaded.sections = sections.iter().map(|&(name, address)| (name.to_owned(), address)).collect();
    loaded
}

fn ask(resolver: &Resolver, name: &str, offset: u64, size: Option<u64>) -> Answer {
    resolver.symbolize(&Query::symbol(Some("fix_ture"), name, offset, size))
}

/// Functions and lines of each byte of a function, without repetition.
fn chains(resolver: &Resolver, name: &str) -> Vec<Vec<(String, u32)>> {
    let size = ask(resolver, name, 0, None).candidates[0].size.unwrap();
    let mut chains = Vec::new();
    for offset in 0..size {
        let answer = ask(resolver, name, offset, None);
        let [place] = &answer.candidates[..] else { panic!("{name}: {answer:?}") };
        let frame = |frame: &libksym::Frame| (frame.function.clone().unwrap(), frame.line.unwrap());
        chains.push(place.frames.iter().map(frame).collect());
    }
    chains.dedup();
    chains
}

fn check_chains(resolver: &Resolver, what: &str) {
    let line = |function: &str| build::line("chain.c", &format!("in {function}"));
    let at = |function: &str| (function.to_owned(), line(function));
    for (function, section) in [("outer", ".text"), ("setup", ".init.text")] {
        let chains = chains(resolver, function);
        let full = vec![at("innermost"), at("middle"), at(function)];
        assert!(chains.contains(&full), "{what}: {function}: {chains:?}");
        let roots = chains.iter().filter_map(|chain| chain.last());
        assert!(roots.clone().count() > 0);
        roots.for_each(|(root, _)| assert_eq!(root, function, "{what}"));
        let place = &ask(resolver, function, 0, None).candidates[0];
        assert_eq!(place.section.as_deref(), Some(section), "{what}");
        let file = place.frames[0].file.as_deref().unwrap();
        assert!(file.ends_with("tests/fixtures/symbols/chain.c"), "{what}: {file}");
    }
    assert_eq!(resolver.take_warnings(), [], "{what}");
}

#[test]
fn inline_chains_and_sections_in_every_form() {
    for flags in [
        &["-g", "-gdwarf-5"][..],
        &["-g", "-gdwarf-4"],
        &["-g", "-gdwarf-3"],
        &["-g", "-gdwarf-2"],
        &["-g", "-gdwarf-5", "-gz=zlib"],
        &["-g", "-gdwarf-5", "-gdwarf64"],
        &["-g", "-gdwarf-5", "-ffunction-sections"],
    ] {
        let folder = build::folder("forms");
        let module = build::module(&folder, flags);
        if flags.contains(&"-ffunction-sections") {
            // The sections have other names, but the chain is the same.
            assert!(chains(&resolver(&module), "outer").iter().any(|chain| chain.len() == 3));
            continue;
        }
        check_chains(&resolver(&module), &format!("{flags:?}"));
    }
}

#[test]
fn units_are_found_without_aranges() {
    let folder = build::folder("aranges");
    let module = build::module(&folder, &["-g"]);
    let path = module.to_str().unwrap();
    build::run("objcopy", &["-R", ".debug_aranges", "-R", ".rela.debug_aranges", path]);
    check_chains(&resolver(&module), "no aranges");
}

#[test]
fn compressed_modules() {
    let folder = build::folder("gzip");
    let module = build::module(&folder, &["-g"]);
    let packed = module.with_extension("ko.gz");
    let mut encoder =
        flate2::write::GzEncoder::new(std::fs::File::create(&packed).unwrap(), flate2::Compression::fast());
    encoder.write_all(&std::fs::read(&module).unwrap()).unwrap();
    encoder.finish().unwrap();
    check_chains(&resolver(&packed), "gzip");
}

#[test]
fn modules_compressed_by_the_programs_that_distributions_use() {
    let folder = build::folder("packed");
    let module = build::module(&folder, &["-g"]);
    for (program, suffix) in [("xz", "xz"), ("zstd", "zst"), ("gzip", "gz")] {
        let packed = PathBuf::from(format!("{}.{suffix}", module.display()));
        // The kernel's build asks xz for this check.
        let options: &[&str] = if program == "xz" { &["--check=crc32", "-k"] } else { &["-k"] };
        match std::process::Command::new(program).args(options).arg(&module).output() {
            Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
            Err(error) => {
                println!("skipped: {program}: {error}");
                continue;
            }
        }
        check_chains(&resolver(&packed), suffix);
    }
}

#[test]
fn a_module_without_a_file_is_named_only_where_it_is_nearest() {
    let folder = build::folder("missing");
    let module = build::module(&folder, &["-g"]);
    let loaded = |name: &str, start| loaded_at(name, &[(".text", start)]);
    let all = vec![
        loaded("lost", 0xffff_ffff_c000_0000),
        loaded("fix_ture", 0xffff_ffff_c001_0000),
        loaded("keep__persist", 0xffff_ffff_c002_0000),
    ];
    let resolver = Resolver::new(named(|sources| {
        sources.modules = vec![module];
        sources.loaded = all;
        sources.kaslr = KaslrHint::known(0);
    }));
    let at = |address| resolver.symbolize(&Query::address(address)).unresolved;
    let lost = Some(Unresolved::NoModule { module: "lost".to_owned() });
    assert_eq!((at(0xffff_ffff_c000_0010), at(0xffff_ffff_c000_f000)), (lost.clone(), lost));
    assert!(matches!(at(0xffff_ffff_c001_0000), None | Some(Unresolved::NoDebugInfo { .. })));
    // Behind the code of a module with a file, and in a keeper, which has no code.
    for address in [0xffff_ffff_c001_f000, 0xffff_ffff_c002_0010] {
        assert_eq!(at(address), Some(Unresolved::NoKernel), "{address:#x}");
    }
}

/// Splits the debug information off, as distributions do.
fn split(folder: &Path) -> (PathBuf, PathBuf) {
    let module = build::module(folder, &["-g"]);
    let debug = folder.join("fix-ture.ko.debug");
    let (path, debug_path) = (module.to_str().unwrap(), debug.to_str().unwrap());
    build::run("objcopy", &["--only-keep-debug", path, debug_path]);
    build::run("strip", &["--strip-debug", path]);
    (module, debug)
}

#[test]
fn separate_debug_files_by_debuglink_and_by_build_id() {
    let folder = build::folder("separate");
    let (module, debug) = split(&folder);
    let answer = ask(&resolver(&module), "outer", 0, None);
    assert!(answer.candidates[0].frames.is_empty());
    assert!(matches!(answer.unresolved, Some(Unresolved::NoDebugInfo { .. })), "{answer:?}");

    let link = format!("--add-gnu-debuglink={}", debug.display());
    build::run("objcopy", &[&link, module.to_str().unwrap()]);
    let found = resolver(&module);
    check_chains(&found, "debuglink");
    assert_eq!(ask(&found, "outer", 0, None).candidates[0].line_source, Some(debug.clone()));

    let id =
        libmodfmt::note::records(&section(&module, ".note.gnu.build-id"), libmodfmt::elf::ByteOrder::Little)
            .next()
            .unwrap()
            .unwrap()
            .description
            .to_vec();
    let id = libksym::BuildId::new(&id);
    let dirs = build::folder("debug-dir");
    let place = dirs.join(id.debug_path());
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::fs::rename(&debug, &place).unwrap();
    let sources = named(|sources| {
        sources.modules = vec![module];
        sources.debug_dirs = vec![dirs.to_owned()];
    });
    check_chains(&Resolver::new(sources.clone()), "build id");

    // With nothing but the build id of the report.
    let sources = changed(&sources, |sources| {
        sources.modules.clear();
        sources.loaded = vec![loaded_build("fix-ture", id)];
    });
    check_chains(&Resolver::new(sources), "build id of the report");
}

fn section(path: &Path, name: &str) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    let object = libmodfmt::elf::Object::parse(&bytes).unwrap();
    object.section(name).unwrap().1.data.to_vec()
}

#[test]
fn duplicates_are_chosen_by_size() {
    let folder = build::folder("duplicates");
    let module = build::module(&folder, &["-g"]);
    let resolver = resolver(&module);
    let both = ask(&resolver, "helper", 0, None).candidates;
    assert_eq!(both.len(), 2, "{both:?}");
    assert_ne!(both[0].size, both[1].size);
    for place in &both {
        let one = ask(&resolver, "helper", 0, place.size).candidates;
        assert_eq!(one, std::slice::from_ref(place));
    }
    let files: Vec<_> = both.iter().map(|place| place.frames[0].file.clone().unwrap()).collect();
    assert!(
        files.iter().any(|file| file.ends_with("chain.c"))
            && files.iter().any(|file| file.ends_with("other.c"))
    );
    // Same name and same size: both are candidates.
    let twins = ask(&resolver, "twin", 0, None).candidates;
    assert_eq!(ask(&resolver, "twin", 0, twins[0].size).candidates.len(), 2);
    // No symbol has that size: the file is of another build.
    let answer = ask(&resolver, "helper", 0, Some(0x4000_0000));
    assert!(answer.candidates.is_empty());
    assert!(matches!(answer.unresolved, Some(Unresolved::SizeMismatch { .. })), "{answer:?}");
    let answer = ask(&resolver, "outer", 0x1000, None);
    assert!(matches!(answer.unresolved, Some(Unresolved::OffsetOutside { .. })), "{answer:?}");
    let answer = ask(&resolver, "nothing", 0, None);
    assert!(matches!(answer.unresolved, Some(Unresolved::NoSymbol { .. })), "{answer:?}");
}

#[test]
fn another_build_is_not_used() {
    let folder = build::folder("other-build");
    let module = build::module(&folder, &["-g"]);
    let id = "00112233445566778899aabbccddeeff00112233".parse().unwrap();
    let resolver = Resolver::new(named(|sources| {
        sources.modules = vec![module];
        sources.loaded = vec![loaded_build("fix_ture", id)];
    }));
    let answer = ask(&resolver, "outer", 0, None);
    assert_eq!(answer.unresolved, Some(Unresolved::NoModule { module: "fix_ture".to_owned() }));
    let warnings = resolver.take_warnings();
    assert!(matches!(&warnings[..], [Warning::BuildId { .. }]), "{warnings:?}");
    assert_eq!(resolver.take_warnings(), [], "once");
}

#[test]
fn run_time_addresses_by_section_and_by_proc_modules() {
    let folder = build::folder("placed");
    let module = build::module(&folder, &["-g"]);
    let sections = [(".text", 0xffff_ffff_c000_1000), (".init.text", 0xffff_ffff_c100_0000)];
    let loaded = loaded_at("fix_ture", &sections);
    let named = named(|sources| sources.modules = vec![module]);
    let resolver = Resolver::new(changed(&named, |sources| sources.loaded = vec![loaded]));
    let at = |address| resolver.symbolize(&Query::address(address));
    assert_eq!(at(0xffff_ffff_c100_0000).candidates[0].symbol, "setup");
    let first = at(0xffff_ffff_c000_1000).candidates[0].clone();
    assert_eq!((first.section.as_deref(), first.address), (Some(".text"), Some(0xffff_ffff_c000_1000)));
    assert!(matches!(at(0xffff_ffff_c200_0000).unresolved, Some(Unresolved::NoKernel)));
    // A query by symbol yields the run-time address too.
    assert_eq!(ask(&resolver, "setup", 1, None).candidates[0].address, Some(0xffff_ffff_c100_0001));

    let text = b"fix_ture 16384 0 - Live 0xffffffffc0001000 (OE)\n".to_vec();
    let resolver = Resolver::new(changed(&named, |sources| sources.modules_text = Some(text)));
    let query = Query::address(0xffff_ffff_c000_1000);
    assert_eq!(resolver.symbolize(&query).candidates[0].symbol, first.symbol);
}

#[test]
fn a_return_address_is_looked_up_one_byte_before() {
    let folder = build::folder("return");
    let module = build::module(&folder, &["-g"]);
    let resolver = resolver(&module);
    let size = ask(&resolver, "outer", 0, None).candidates[0].size.unwrap();
    let query = Query::symbol(Some("fix-ture"), "outer", size, Some(size));
    assert!(resolver.symbolize(&query).candidates.is_empty());
    let place = resolver.symbolize(&query.returning()).candidates[0].clone();
    assert_eq!((place.symbol.as_str(), place.offset), ("outer", size));
}
