// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any trailer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use libmodfmt::signature::{MAGIC, split};

fuzz_target!(|data: &[u8]| {
    let _ = split(data);
    let file = [data, MAGIC].concat();
    if let Ok((module, signature)) = split(&file) {
        let message = signature.expect("the magic is there").message;
        assert_eq!(module.len() + message.len() + 12 + MAGIC.len(), file.len());
    }
});
