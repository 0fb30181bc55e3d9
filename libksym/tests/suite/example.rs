// SPDX-License-Identifier: MIT OR Apache-2.0
//! The example `symbolize`, from command line to output.

use modtest::compile as build;

#[allow(dead_code, reason = "its main is not called")]
#[path = "../../examples/symbolize.rs"]
mod symbolize;

fn run(arguments: &[&str], input: &str) -> Result<String, String> {
    let mut out = Vec::new();
    let arguments = arguments.iter().map(|&argument| argument.to_owned());
    let warnings = symbolize::run(arguments, &mut input.as_bytes(), &mut out);
    assert_eq!(warnings.map_err(|error| error.to_string())?, []);
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn prints_functions_and_lines_of_the_kernel_and_of_a_module() {
    let folder = build::folder("example");
    let vmlinux = build::vmlinux(&folder, &["-g"]);
    let module = build::module(&folder, &["-g"]);
    let (vmlinux, modules) = (vmlinux.to_str().unwrap(), module.parent().unwrap().to_str().unwrap());
    let by_symbol = run(&[vmlinux, "outer+0x0"], "").unwrap();
    let [place, symbol, frames @ ..] = &by_symbol.lines().collect::<Vec<_>>()[..] else {
        panic!("{by_symbol}")
    };
    assert_eq!(*place, "outer+0x0");
    let address = symbol.rsplit_once(" .text ").unwrap().1;
    assert!(symbol.starts_with("  outer+0x0/0x"), "{by_symbol}");
    let innermost = format!("chain.c:{}:", build::line("chain.c", "in innermost"));
    assert!(frames[0].starts_with("    innermost ") && frames[0].contains(&innermost), "{by_symbol}");
    assert!(frames[1].starts_with("    middle ") && frames[2].starts_with("    outer "), "{by_symbol}");

    let input = format!("{address}\nfix-ture:setup+0x3\n");
    let both = run(&[vmlinux, "--modules", modules, "-"], &input).unwrap();
    let rest = both.strip_prefix(&format!("{address}\n{}", by_symbol.split_once('\n').unwrap().1)).unwrap();
    assert!(rest.starts_with("fix-ture:setup+0x3\n  setup+0x3/0x") && rest.contains(" .init.text 0x3\n"));
    assert!(rest.contains("    setup "), "{rest}");

    let missing = run(&[vmlinux, "nothing"], "").unwrap();
    assert_eq!(missing, format!("nothing\n  unknown: no symbol nothing in {vmlinux}\n"));
    assert_eq!(run(&[vmlinux, "outer+zz"], "").unwrap_err(), "outer+zz: no place");
    assert!(run(&[], "").unwrap_err().starts_with("usage: symbolize"));
}
