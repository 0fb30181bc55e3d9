// SPDX-License-Identifier: MIT OR Apache-2.0
//! Damaged files: no panic, no endless loop, no memory without bound.

use super::build;
use ksymoops::resolve::{Query, Resolver, Sources};
use proptest::prelude::*;
use std::sync::OnceLock;

/// The plain file, and where its tables and debug sections are.
fn original() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| std::fs::read(build::module(&build::folder("corrupt"), &["-g"])).unwrap())
}

fn ask_everything(bytes: &[u8]) {
    let folder = build::folder("damaged");
    let path = folder.join("fix-ture.ko");
    std::fs::write(&path, bytes).unwrap();
    let resolver =
        Resolver::new(Sources { modules: vec![path.clone()], discover: false, ..Sources::default() });
    let query = |(name, offset): (&str, u64)| Query::Symbol {
        module: Some("fix_ture".to_owned()),
        name: name.to_owned(),
        offset,
        size: None,
        exact: offset % 2 == 0,
    };
    let names = ["outer", "setup", "helper", "twin", "call_other"];
    let queries: Vec<_> =
        names.iter().flat_map(|&name| (0..12).map(move |at| (name, at))).map(query).collect();
    let answers = resolver.symbolize_all(&queries);
    assert_eq!(answers.len(), queries.len());
    for answer in answers {
        assert!(answer.unknown.is_some() || !answer.candidates.is_empty());
    }
    let kernel = Sources { vmlinux: Some(path), discover: false, ..Sources::default() };
    let _ = Resolver::new(kernel).symbolize(&Query::Address { address: 0x1_0001, exact: false });
    std::fs::remove_dir_all(folder).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn truncated(size in 0..original().len()) {
        ask_everything(&original()[..size]);
    }

    #[test]
    fn flipped(places in prop::collection::vec((0..original().len(), 0_u8..8), 1..40)) {
        let mut bytes = original().to_vec();
        places.into_iter().for_each(|(at, bit)| bytes[at] ^= 1 << bit);
        ask_everything(&bytes);
    }

    #[test]
    fn overwritten(at in 0..original().len(), with in prop::collection::vec(any::<u8>(), 1..64)) {
        let mut bytes = original().to_vec();
        for (byte, new) in bytes[at..].iter_mut().zip(with) {
            *byte = new;
        }
        ask_everything(&bytes);
    }
}
