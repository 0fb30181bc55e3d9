// SPDX-License-Identifier: MIT OR Apache-2.0
//! The extended kernel: data are kept by the kernel itself, and files are loaded as they are.

use anyhow::{Result, ensure};

use super::report::Report;
use crate::ctx::Ctx;
use crate::scenario::Scenario;

pub mod between;
pub mod errors;
pub mod faults;
pub mod kept;
pub mod races;
pub mod signed;
pub mod tree;

/// The tables about the extended kernel and its twins, in the order in which they run.
pub const TOPICS: &[&[Scenario]] = &[
    kept::SCENARIOS,
    between::SCENARIOS,
    signed::SCENARIOS,
    errors::SCENARIOS,
    faults::SCENARIOS,
    races::SCENARIOS,
    tree::SCENARIOS,
];

/// Every scenario about the extended kernel and its twins.
pub fn all() -> impl Iterator<Item = &'static Scenario> {
    TOPICS.iter().copied().flatten()
}

/// Insists that the variable `first` of `layout` has this value.
fn first_is(ctx: &Ctx, wanted: &str) -> Result<()> {
    let report = Report::read(ctx, "layout")?;
    ensure!(report.value("first")? == wanted, "wanted {wanted}: {report:?}");
    Ok(())
}

/// Insists on what the kernel says of the use of a region; `None`: there is none.
fn use_is(ctx: &Ctx, owner: &str, wanted: Option<&str>) -> Result<()> {
    let found = ctx.kernel_region_use(owner)?;
    ensure!(found.as_deref() == wanted, "the region of {owner} is {found:?}, wanted {wanted:?}");
    Ok(())
}
