// SPDX-License-Identifier: MIT OR Apache-2.0
//! Assertions that the scenarios about the extended kernel share.

use anyhow::{Result, ensure};

use crate::ctx::Ctx;
use crate::scenarios::fixture_report::FixtureReport;

/// Fails unless the variable `first` of `layout` has this value.
pub fn first_is(ctx: &Ctx, wanted: &str) -> Result<()> {
    let report = FixtureReport::read(ctx, "layout")?;
    ensure!(report.value("first")? == wanted, "expected {wanted}: {report:?}");
    Ok(())
}

/// Fails unless the owner's region has this state in the kernel's list; `None` means that there is no region.
pub fn region_is(ctx: &Ctx, owner: &str, wanted: Option<&str>) -> Result<()> {
    let found = ctx.extended_region_state(owner)?;
    ensure!(found.as_deref() == wanted, "the region of {owner} is {found:?}, expected {wanted:?}");
    Ok(())
}
