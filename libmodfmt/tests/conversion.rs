// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kept variables whose type changed, with types as the compilers of this machine describe them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests panic to fail"
)]

mod conversion {
    mod compiled;
    mod generated;
    mod hostile;
    mod in_use;
    mod pointers;
    mod refused;
    mod staying;
    mod values;
}
