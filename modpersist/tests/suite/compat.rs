// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist compat`: versions of a module as files.

use std::path::PathBuf;

use modpersist::{Args, Command, CompatArgs};
use modtest::FakeKernel;
use modtest::module::{DATA, Make, R_64, WRITABLE};
use serde_json::Value;

/// Versions: as it is, with a variable more in a section of its own, with one that has shrunk.
fn files(folder: &tempfile::TempDir) -> Vec<PathBuf> {
    let first = Make::small("foo");
    let mut more = first.clone();
    more.section(".data..persistent.foo.1", WRITABLE, 8, &[0; 8]);
    more.local("limit", ".data..persistent.foo.1", 0, 8);
    let mut shrunk = first.clone();
    shrunk.change(DATA, |section| section.set_data(vec![0; 12]));
    shrunk.symbols(|symbol| {
        if &*symbol.name == b"second" {
            symbol.size = 4;
        }
        true
    });
    let write = |(name, make): (&str, Make)| {
        let file = folder.path().join(name);
        std::fs::write(&file, make.build()).unwrap();
        file
    };
    [("v1.ko", first), ("v2.ko", more), ("v3.ko", shrunk)].map(write).to_vec()
}

fn run(args: CompatArgs) -> (bool, String) {
    let mut out = Vec::new();
    let args = Args { command: Command::Compat(args) };
    let code = modpersist::run(&args, &FakeKernel::new(), &mut out).unwrap();
    // ExitCode cannot be compared.
    (format!("{code:?}") == format!("{:?}", std::process::ExitCode::SUCCESS), String::from_utf8(out).unwrap())
}

fn compat(files: &[PathBuf]) -> CompatArgs {
    CompatArgs { files: files.to_vec(), back: false, json: false }
}

#[test]
fn every_pair_has_a_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(&folder);
    let (success, text) = run(compat(&files));
    let text = text.replace(&format!("{}/", folder.path().display()), "");
    assert!(!success);
    let expected = "  1  v1.ko
  2  v2.ko
  3  v3.ko

           then 1     then 2     then 3
first 1    -          kept       refused
first 2    kept       -          refused
first 3    refused    refused    -

1 then 2: kept
  the types of 2 variables were not compared: build with -g, do not strip

1 then 3: refused
  foo.c:second: shrank from 8 to 4 bytes
  the types of 1 variable were not compared: build with -g, do not strip

2 then 1: kept
  the types of 2 variables were not compared: build with -g, do not strip

2 then 3: refused
  foo.c:second: shrank from 8 to 4 bytes
  the types of 1 variable were not compared: build with -g, do not strip

3 then 1: refused
  foo.c:second: grew from 4 to 8 bytes
  the types of 1 variable were not compared: build with -g, do not strip

3 then 2: refused
  foo.c:second: grew from 4 to 8 bytes
  the types of 1 variable were not compared: build with -g, do not strip
";
    assert_eq!(text, expected);
}

#[test]
fn json_has_every_pair() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(&folder);
    let (success, text) = run(CompatArgs { json: true, ..compat(&files[..2]) });
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["owner"], "foo");
    assert_eq!(value["pairs"].as_array().unwrap().len(), 2);
    let verdicts: Vec<_> = [0, 1].iter().map(|pair| &value["pairs"][*pair]["verdict"]).collect();
    assert_eq!((success, verdicts), (true, vec![&Value::from("kept"), &Value::from("kept")]), "{value:#}");
}

#[test]
fn files_without_data_or_of_other_modules_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let first = files(&folder).remove(0);
    let other = folder.path().join("other.ko");
    let mut pointing = Make::small("foo");
    pointing.relocate(DATA, 8, R_64, ".text", 0);
    for (bytes, wanted) in [
        (Make::small("bar").build(), "is of module bar, and the files before it are of foo"),
        (pointing.build(), "foo.c:second"),
        (b"no module".to_vec(), "other.ko"),
    ] {
        std::fs::write(&other, bytes).unwrap();
        let args = Args { command: Command::Compat(compat(&[first.clone(), other.clone()])) };
        let error = modpersist::run(&args, &FakeKernel::new(), &mut Vec::new()).unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains(wanted) && text.contains("other.ko"), "{text}");
    }
}
