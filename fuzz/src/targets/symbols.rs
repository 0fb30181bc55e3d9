// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where libksym takes symbols from: an ELF file, or, as the first byte says, `System.map`, a saved
//! `/proc/kallsyms` with `/proc/modules`, or the bytes of a `Code:` line.

use libksym::code::{Architecture, CodeBytes, Context, decode};
use libksym::{KaslrPair, Query, Resolver, Sources};
use libmodfmt::elf::Object;
use libmodfmt::proc::kallsyms;

use crate::open_file;

/// Symbols that are looked up.
const MAX_SYMBOLS: usize = 20;

/// Tries one input.
pub fn run(data: &[u8]) {
    if data.starts_with(b"\x7fELF") {
        return elf(data);
    }
    let Some((choice, rest)) = data.split_first() else { return };
    match choice % 3 {
        0 => system_map(rest),
        1 => saved_kallsyms(rest),
        _ => code(rest),
    }
}

fn elf(data: &[u8]) {
    let names: Vec<String> = match Object::parse(data) {
        Ok(object) => object.symbols.iter().map(|symbol| symbol.name_text()).take(MAX_SYMBOLS).collect(),
        Err(_) => ["outer", "setup", "helper"].map(String::from).to_vec(),
    };
    let in_module = |name: &String| Query::symbol(Some(open_file::MODULE), name, 3, None);
    open_file::with_module(data, |resolver| {
        ask(resolver, names.iter().map(in_module));
        let _ = resolver.module_files(open_file::MODULE);
    });
    let in_kernel = |name: &String| Query::symbol(None, name, 3, Some(16));
    open_file::with_kernel(data, |resolver| {
        ask(resolver, names.iter().map(in_kernel));
        let addresses = [0, 0x1001, 0xffff_ffff_8100_0001, 0xffff_ffff_8100_0040, u64::MAX];
        ask(resolver, addresses.into_iter().map(|address| Query::address(address).returning()));
        let _ = (resolver.kernel_btf(), resolver.kaslr_offset(), resolver.symbol_addresses("outer"));
    });
}

fn system_map(text: &[u8]) {
    text_file(text, |sources, path| {
        sources.system_map = Some(path);
        sources.kaslr.pairs = vec![KaslrPair::new(0xffff_ffff_8200_0004, "_stext", 4, None)];
    });
}

/// `/proc/kallsyms`, a NUL, `/proc/modules`.
fn saved_kallsyms(text: &[u8]) {
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    let (symbols, modules) = text.split_at(end);
    text_file(symbols, |sources, path| {
        sources.kallsyms = Some(path);
        sources.modules_text = Some(modules.get(1..).unwrap_or_default().to_vec());
    });
}

fn text_file(text: &[u8], name: impl FnOnce(&mut Sources, std::path::PathBuf)) {
    open_file::with_text(text, name, |resolver| {
        let known: Vec<_> = kallsyms(text).flatten().take(MAX_SYMBOLS).collect();
        let names = known.iter().map(|symbol| {
            let module = symbol.module.map(|name| String::from_utf8_lossy(name).into_owned());
            Query::symbol(module.as_deref(), &String::from_utf8_lossy(symbol.name), 2, None)
        });
        ask(resolver, names);
        ask(resolver, known.iter().map(|symbol| Query::address(symbol.address)));
        let _ = resolver.kaslr_offset();
    });
}

fn ask(resolver: &Resolver, queries: impl Iterator<Item = Query>) {
    let queries: Vec<Query> = queries.collect();
    for answer in resolver.symbolize_all(&queries) {
        assert!(answer.unresolved.is_some() || !answer.candidates.is_empty());
    }
    let _: Vec<String> = resolver.take_warnings().iter().map(ToString::to_string).collect();
}

/// All bytes of a `Code:` line come out again, in order.
fn code(data: &[u8]) {
    let Some((&[choice, marker], bytes)) = data.split_first_chunk() else { return };
    let architecture = if choice & 1 == 0 { Architecture::X86_64 } else { Architecture::X86 };
    let marker = (choice & 2 == 0).then_some(usize::from(marker));
    let mut context = Context::default();
    context.pc = Some(if choice & 4 == 0 { u64::MAX - 8 } else { 0xffff_ffff_8100_0000 });
    context.register = &|name| Some(name.len() as u64).filter(|_| name != "rcx");
    context.fault_address = Some(0x10);
    let Ok(listing) = decode(architecture, &CodeBytes::new(bytes.to_vec(), marker), &context) else { return };
    let shown: Vec<u8> = listing.instructions.iter().flat_map(|one| one.bytes.clone()).collect();
    assert_eq!(bytes.get(listing.skipped..), Some(&*shown));
    assert!(listing.marked.is_some_and(|index| index < listing.instructions.len()));
}
