// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use libmodfmt::proc::{kallsyms, modules};

fuzz_target!(|data: &[u8]| {
    let lines = data.split(|&byte| byte == b'\n').count();
    assert!(kallsyms(data).count() <= lines);
    assert!(modules(data).count() <= lines);
    for module in modules(data).flatten() {
        let _ = (module.users().count(), module.is_permanent());
    }
});
