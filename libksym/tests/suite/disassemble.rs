// SPDX-License-Identifier: MIT OR Apache-2.0
//! The code around a place, as files have it, and the example `resident`.

use libksym::code::CodeError;
use libksym::{KaslrHint, Query, Resolver};
use modtest::compile as build;

use super::named;

#[allow(dead_code, reason = "its main is not called")]
#[path = "../../examples/resident.rs"]
mod resident;

#[test]
fn around_a_place_of_the_kernel() {
    let root = build::folder("disassemble");
    let vmlinux = build::vmlinux(&root, &["-g", "-O1"]);
    let resolver = Resolver::new(named(|sources| {
        sources.vmlinux = Some(vmlinux.clone());
        sources.kaslr = KaslrHint::known(0x20_0000);
    }));
    let of_start = resolver.symbolize(&Query::symbol(None, "outer", 0, None));
    let all = resolver.disassemble(&of_start.candidates[0], 0, usize::MAX).unwrap();
    assert_eq!((all.marked, all.skipped), (Some(0), 0));
    assert!(all.instructions.iter().all(|one| one.valid && !one.doubtful && !one.patched), "{all:?}");
    let code = resolver.function_code(&of_start.candidates[0]).unwrap();
    let bytes: Vec<u8> = all.instructions.iter().flat_map(|one| one.bytes.clone()).collect();
    assert_eq!(bytes, code.bytes);

    // From any instruction on, the ones around it are the same.
    for (index, instruction) in all.instructions.iter().enumerate() {
        let offset = instruction.offset.unsigned_abs();
        let answer = resolver.symbolize(&Query::symbol(None, "outer", offset, None));
        let place = &answer.candidates[0];
        assert_eq!(Some(instruction.address), place.address);
        let listing = resolver.disassemble(place, 8, 8).unwrap();
        let marked = listing.marked.unwrap();
        let texts = |from: &[libksym::code::Instruction]| -> Vec<(u64, String, Option<String>)> {
            from.iter().map(|one| (one.address, one.text.clone(), one.symbol.clone())).collect()
        };
        let first = index - marked;
        let expected = &all.instructions[first..first + listing.instructions.len()];
        assert_eq!(texts(&listing.instructions), texts(expected));
        let behind = place.address.unwrap() - listing.instructions[0].address;
        assert!(behind <= 8, "{listing:?}");
    }
}

#[test]
fn what_a_module_refers_to_has_names() {
    let root = build::folder("disassemble_module");
    let source = root.join("refers.c");
    let text = "int other(int);\nextern int table[];\n\
                int refers(int x)\n{\n\treturn other(x + 1) + table[3];\n}\n";
    std::fs::write(&source, text).unwrap();
    let flags = ["-g", "-O1", "-fno-pic", "-fcf-protection=none"];
    let sources = [source.to_str().unwrap(), "chain.c"];
    let module = build::module_of("gcc", &sources, &root, &flags);
    let resolver = Resolver::new(named(|sources| sources.modules = vec![module.clone()]));
    let name = module.file_stem().unwrap().to_str().unwrap().replace('-', "_");
    let listing = |symbol: &str| {
        let answer = resolver.symbolize(&Query::symbol(Some(&name), symbol, 0, None));
        resolver.disassemble(&answer.candidates[0], 0, usize::MAX).unwrap()
    };
    let named = |symbol: &str| -> Vec<(String, String)> {
        let instructions = listing(symbol).instructions.into_iter();
        instructions.filter_map(|one| Some((one.text, one.symbol?))).collect()
    };
    // Both are filled in by the loader.
    let refers = named("refers");
    assert!(refers.contains(&("call other".to_owned(), "other".to_owned())), "{refers:?}");
    assert!(refers.iter().any(|(text, symbol)| text.contains("add") && symbol == "table+0xc"), "{refers:?}");
    // Distances in one section are right in the file.
    let local = named("call_chain");
    assert!(
        local.iter().any(|(text, symbol)| text.starts_with("call") && symbol.starts_with("twin+0x0")),
        "{local:?}"
    );
}

#[test]
fn without_code_there_is_a_reason() {
    let root = build::folder("disassemble_map");
    let map = root.join("System.map");
    std::fs::write(&map, "ffffffff81000000 T _text\nffffffff81000010 T f\nffffffff81000020 T _end\n")
        .unwrap();
    let resolver = Resolver::new(named(|sources| sources.system_map = Some(map)));
    let answer = resolver.symbolize(&Query::symbol(None, "f", 1, None));
    let error = resolver.disassemble(&answer.candidates[0], 8, 8).unwrap_err();
    assert_eq!(error, CodeError::NoFile { symbol: "f".to_owned() });
    assert_eq!(error.to_string(), "no file has the code of f");
}

#[test]
fn the_example_prints_lines_and_instructions() {
    let root = build::folder("resident");
    let vmlinux = build::vmlinux(&root, &["-g"]);
    let arguments = [vmlinux.to_str().unwrap(), "outer+0x0"].map(str::to_owned);
    let mut out = Vec::new();
    resident::run(arguments.into_iter(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("outer+0x0\n"), "{text}");
    assert!(text.contains("chain.c:") && text.contains("  -> +0x0 "), "{text}");
    assert!(resident::run([].into_iter(), &mut Vec::new()).unwrap_err().to_string().starts_with("usage"));
}
