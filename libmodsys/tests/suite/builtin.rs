// SPDX-License-Identifier: MIT OR Apache-2.0
//! The index of built-in modules: one that depmod wrote, and broken ones.

use libmodsys::{Kernel, SysError};

use super::Root;

const INDEX: &[u8] = include_bytes!("../data/modules.builtin.bin");
const PATH: &str = "lib/modules/9.9/modules.builtin.bin";

#[test]
fn names_in_the_index_are_found_and_no_others() {
    let root = Root::new().file(PATH, INDEX);
    let kernel = root.kernel();
    for name in ["ext2", "ext4", "crc_ccitt", "crc16", "a"] {
        assert!(kernel.is_builtin(name).unwrap(), "{name}");
    }
    for name in ["", "e", "ext", "ext3", "ext44", "crc", "crc_", "crc1", "aa", "z", "crc-ccitt"] {
        assert!(!kernel.is_builtin(name).unwrap(), "{name}");
    }
}

#[test]
fn without_an_index_nothing_is_built_in() {
    assert!(!Root::new().kernel().is_builtin("ext4").unwrap());
}

#[test]
fn a_cut_index_is_an_error_or_an_answer_but_no_panic() {
    let root = Root::new();
    for length in 0..INDEX.len() {
        root.write(PATH, &INDEX[..length]);
        let kernel = root.kernel();
        match kernel.is_builtin("ext4") {
            Ok(_) | Err(SysError::Malformed { .. }) => {}
            Err(error) => panic!("{length}: {error}"),
        }
    }
}

#[test]
fn a_flipped_bit_is_an_error_or_an_answer_but_no_panic() {
    let root = Root::new();
    for bit in 0..INDEX.len() * 8 {
        let mut index = INDEX.to_vec();
        index[bit / 8] ^= 1 << (bit % 8);
        root.write(PATH, index);
        let kernel = root.kernel();
        let _ = kernel.is_builtin("crc_ccitt");
    }
}

#[test]
fn what_is_no_index_is_named() {
    let root = Root::new().file(PATH, "kernel/fs/ext4/ext4.ko\n");
    let kernel = root.kernel();
    let error = kernel.is_builtin("ext4").unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("modules.builtin.bin: offset 0x0: not a module index: wrong magic number")
    );
}
