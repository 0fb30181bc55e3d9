// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernels that scenarios run in: the distribution's, ours, or any that is given by path.

mod build;
pub mod build_root;
mod bzimage;
pub mod distribution;
pub mod headers;
mod named;
mod ours;
mod place;
mod series;
pub mod source;
mod tree;
mod variant;

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};

use crate::args::KernelArgs;

pub use build::{build, run};
pub use named::{Named, expand};
pub use ours::{OTHERS, Ours};
pub use series::Series;
pub use tree::{FOR_OTHER_PROCESSORS, Kernel};
pub use variant::Variant;

/// Finds, downloads or builds the kernel that was asked for.
pub fn find(args: &KernelArgs) -> Result<Kernel> {
    if let Some(named) = Named::parse(&args.kernel) {
        return named.fetch();
    }
    if let Some(ours) = Ours::named(&args.kernel) {
        return build(ours);
    }
    let path = Path::new(&args.kernel);
    ensure!(
        path.exists(),
        "--kernel {}: no such file or directory; known names are distribution, newest, {}, a series such as 6.12, \
         and the name of a package",
        args.kernel,
        Ours::names()
    );
    let path = fs::canonicalize(path)?;
    if path.is_dir() {
        tree::from_tree(&path)
    } else {
        tree::from_image(&path, args.machine.headers.as_deref())
    }
}
