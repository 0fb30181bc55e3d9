// SPDX-License-Identifier: MIT OR Apache-2.0
//! Assertions that the scenarios about the extended kernel share.

use anyhow::{Result, ensure};

use crate::ctx::Ctx;
use crate::scenarios::fixture_report::FixtureReport;

/// Insists that the variable `first` of `layout` has this value.
pub fn first_is(ctx: &Ctx, wanted: &str) -> Result<()> {
    let report = FixtureReport::read(ctx, "layout")?;
    ensure!(report.value("first")? == wanted, "wanted {wanted}: {report:?}");
    Ok(())
}

/// Insists on what the kernel says of the use of a region; `None`: there is none.
pub fn use_is(ctx: &Ctx, owner: &str, wanted: Option<&str>) -> Result<()> {
    let found = ctx.kernel_region_use(owner)?;
    ensure!(found.as_deref() == wanted, "the region of {owner} is {found:?}, wanted {wanted:?}");
    Ok(())
}
