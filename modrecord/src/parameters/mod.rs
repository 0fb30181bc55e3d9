// SPDX-License-Identifier: MIT OR Apache-2.0
//! Saved parameters of modules: `insmod -e` and `rmmod -e`, as modutils had them.
//!
//! `file.rs` is the text of a file of saved parameters and `quoting.rs` the form of a value in it; `save.rs`
//! writes the current values of a loaded module, which come from `/sys/module/NAME/parameters`;
//! `kernel_syntax.rs` is the form in which the kernel takes a value; `location.rs` remembers for each loaded
//! module which file that is.

mod error;
mod file;
mod kernel_syntax;
mod location;
mod quoting;
mod save;

pub use error::SavedParametersError;
pub use file::SavedParameters;
pub use kernel_syntax::{Inexpressible, word_for_kernel};
pub use location::SaveLocation;
pub use save::{NotSaved, save};
