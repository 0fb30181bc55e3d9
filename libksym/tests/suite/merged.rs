// SPDX-License-Identifier: MIT OR Apache-2.0
//! Modules in the merged map: symbols of the object file at the addresses that ksyms tells.

use std::fs;
use std::path::Path;

use libksym::merged::{MapSources, MergedMap};
use modtest::compile::{folder, run};

const SOURCE: &str = "\
static int hidden_count = 1;
int shown_count = 2;
static int __attribute__((noinline)) hidden(int x) { hidden_count += x; return x + 7; }
int shown(int x) { return hidden(x) * 3; }
";

/// Builds `usb.o` and returns the addresses of `hidden` and `hidden_count` if `ksyms` is read.
fn found(folder: &Path, ksyms: &str, ignore: bool) -> (Option<u64>, Option<u64>, Vec<String>) {
    let source = folder.join("usb.c");
    fs::write(&source, SOURCE).unwrap();
    let object = folder.join("usb.o");
    let paths = [&source, &object].map(|path| path.to_str().unwrap().to_owned());
    run("gcc", &["-O1", "-fno-ipa-icf", "-fno-toplevel-reorder", "-c", &paths[0], "-o", &paths[1]]);
    fs::write(folder.join("ksyms"), ksyms).unwrap();
    let mut sources = MapSources::default();
    sources.ksyms = Some(folder.join("ksyms"));
    sources.modules = vec![folder.to_owned()];
    sources.ignore_insmod = ignore;
    let (map, warnings) = MergedMap::read(&sources);
    let address = |name: &str| map.symbols().iter().find(|one| one.name == name).map(|one| one.address);
    let warnings = warnings.iter().map(ToString::to_string).collect();
    (address("hidden"), address("hidden_count"), warnings)
}

#[test]
fn sections_that_insmod_recorded_place_a_module() {
    let folder = folder("merged");
    let ksyms = "c0100000 printk\n\
        d0800060 __insmod_usb_S.text_L64\t[usb]\nd0801000 __insmod_usb_S.data_L8\t[usb]\n";
    let (hidden, count, warnings) = found(&folder, ksyms, false);
    assert!(hidden.is_some_and(|address| (0xd080_0060..0xd080_00a0).contains(&address)), "{hidden:x?}");
    assert!(count.is_some_and(|address| (0xd080_1000..0xd080_1008).contains(&address)), "{count:x?}");
    assert_eq!(warnings, Vec::<String>::new());
    // Without them nothing tells where the module is.
    assert_eq!(found(&folder, ksyms, true).0, None);
}

#[test]
fn an_exported_symbol_places_its_section() {
    let folder = folder("merged");
    let (hidden, count, _) = found(&folder, "c0100000 printk\nd0800100 shown_R12345678\t[usb]\n", false);
    assert!(hidden.is_some_and(|address| (0xd080_0080..0xd080_0180).contains(&address)), "{hidden:x?}");
    assert_eq!(count, None, "nothing of .data is exported");
}

#[test]
fn a_file_that_changed_since_is_said() {
    let folder = folder("merged");
    let path = folder.join("usb.o");
    let ksyms = format!(
        "c0100000 printk\nd0800000 __insmod_usb_O{}_M3EFD9C4C_V132117\t[usb]\n\
         d0800060 __insmod_usb_S.text_L64\t[usb]\n",
        path.display()
    );
    let (hidden, _, warnings) = found(&folder, &ksyms, false);
    assert!(hidden.is_some());
    assert!(
        warnings.len() == 1 && warnings[0].ends_with("usb.o: changed after module usb was loaded"),
        "{warnings:?}"
    );
    let (_, _, warnings) = found(&folder, "c0100000 printk\nd0800000 f\t[sound]\n", false);
    assert_eq!(warnings, ["module sound: 0 object files fit, so only its exported symbols are used"]);
}
