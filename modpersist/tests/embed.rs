// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist embed`, with files from this machine's compiler and strip.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests panic to fail")]

use std::path::{Path, PathBuf};

use libmodfmt::file::ModuleFile;
use libmodfmt::types::{Completeness, TypeId, TypeTable, compare};
use modpersist::{Args, Command};
use modtest::FakeKernel;
use modtest::compile::{folder, run};
use modtest::module::{Make, signed};

/// A module with one variable, whose type has this field.
fn module(folder: &Path, name: &str, field: &str) -> PathBuf {
    let at = |extension: &str| folder.join(name).with_extension(extension).to_str().unwrap().to_owned();
    let source = format!(
        "__attribute__((section(\".modinfo\"), used, aligned(1))) static const char info[] = \"name=meter\";\n\
         __attribute__((section(\".gnu.linkonce.this_module\"), used)) static struct {{ long a, b, c; char name[40]; }} \
         this_module = {{ .name = \"meter\" }};\n\
         struct node {{ struct node *next; {field}; }};\n\
         __attribute__((section(\".data..persistent\"), used)) static struct node *head;\n"
    );
    std::fs::write(at("c"), source).unwrap();
    run("gcc", &["-c", "-g", "-O2", "-fno-pic", "-o", &at("o"), &at("c")]);
    run("ld", &["-r", "--build-id", "-o", &at("ko"), &at("o")]);
    at("ko").into()
}

fn embed(file: &Path) -> Result<String, String> {
    let mut out = Vec::new();
    let args = Args { command: Command::Embed { file: file.to_owned() } };
    modpersist::run(&args, &FakeKernel::new(), &mut out).map_err(|error| format!("{error:#}"))?;
    Ok(String::from_utf8(out).unwrap())
}

/// The table of types, and that of the variable in it.
fn types(file: &Path) -> Option<(TypeTable, TypeId)> {
    let file = ModuleFile::new(std::fs::read(file).unwrap(), 1 << 20);
    let persistent = file.persistent().unwrap().unwrap();
    let id = persistent.variables().next().unwrap().1.type_id?;
    Some((persistent.header().types.clone(), id))
}

#[test]
fn types_survive_strip() {
    let folder = folder("embed");
    let (one, two) = (module(&folder, "one", "int v"), module(&folder, "two", "long v"));
    let whole = types(&one).unwrap();
    let before = std::fs::read(&two).unwrap();
    for file in [&one, &two] {
        assert!(embed(file).unwrap().contains("embedded the types of 1 variable ("));
        run("strip", &["-g", file.to_str().unwrap()]);
        assert!(embed(file).unwrap().ends_with("are in it already; left as it is\n"));
    }
    let (one, two) = (types(&one).unwrap(), types(&two).unwrap());
    assert_eq!(one, whole);
    assert_eq!(compare((&one.0, one.1), (&whole.0, whole.1)), Ok(Completeness::Full));
    let difference = compare((&one.0, one.1), (&two.0, two.1)).unwrap_err();
    assert!(difference.in_variable("head").starts_with("head->v: size changed from 4 to 8"));
    // Without it they do not.
    let plain = folder.join("plain.ko");
    std::fs::write(&plain, before).unwrap();
    run("strip", &["-g", plain.to_str().unwrap()]);
    assert_eq!(types(&plain), None);
    assert!(embed(&plain).unwrap_err().contains("build it with -g, and embed before strip"));
}

#[test]
fn the_file_behind_a_link_is_changed_and_keeps_its_mode() {
    let folder = folder("embed");
    let (file, link) = (module(&folder, "one", "int v"), folder.join("link.ko"));
    let before = std::fs::metadata(&file).unwrap();
    std::os::unix::fs::symlink("one.ko", &link).unwrap();
    embed(&link).unwrap();
    let after = std::fs::metadata(&file).unwrap();
    assert!(after.len() > before.len());
    assert_eq!(after.permissions(), before.permissions());
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
}

#[test]
fn what_cannot_be_changed_is_left_as_it_is() {
    let folder = folder("embed");
    let path = folder.join("x.ko");
    let module = Make::typical("foo").build();
    for (content, said) in [
        (signed(&module), "embed before you sign it"),
        (b"\x1f\x8b\x08rest".to_vec(), "embed before you compress it"),
        (b"text".to_vec(), "not an ELF file"),
    ] {
        std::fs::write(&path, &content).unwrap();
        let error = embed(&path).unwrap_err();
        assert!(error.contains(said), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), content);
    }
    std::fs::write(&path, Make::bare("foo").build()).unwrap();
    assert!(embed(&path).unwrap().ends_with("has no persistent data; left as it is\n"));
    assert_eq!(std::fs::read_dir(&*folder).unwrap().count(), 1, "nothing is left behind");
}
