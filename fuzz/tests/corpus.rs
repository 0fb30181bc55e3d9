// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every input of the corpus through its target: what was found once stays fixed, without a fuzzer.

use std::fs;
use std::path::Path;

use fuzz_targets::targets;

/// Bytes of all inputs together.
const MAX_CORPUS_BYTES: u64 = 1_500_000;

#[test]
fn every_input_passes() {
    let mut total = 0;
    for target in targets::ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
        let mut paths: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        assert!(!paths.is_empty(), "{}", folder.display());
        for path in paths {
            let data = fs::read(&path).unwrap();
            total += data.len() as u64;
            eprintln!("{}", path.display()); // shown only if it fails
            (target.run)(&data);
        }
    }
    assert!(total < MAX_CORPUS_BYTES, "{total} bytes");
}

/// A folder of a target that is no more would not be run.
#[test]
fn every_folder_is_a_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for entry in fs::read_dir(corpus).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(name.to_str().and_then(targets::find).is_some(), "{name:?}");
    }
}
