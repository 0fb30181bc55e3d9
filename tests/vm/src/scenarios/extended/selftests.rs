// SPDX-License-Identifier: MIT OR Apache-2.0
//! The selftests that our patches bring, as the kernel's testers run them.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::ctx::{Command, Ctx};
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] =
    &[Scenario::new("ext-selftests", "the kernel's selftests of our patches pass", selftests)
        .needs(Needs::Extended)];

/// Where the harness has put them.
const DIRECTORY: &str = "/selftests";

/// How many there are.
const TESTS: usize = 8;

fn selftests(ctx: &mut Ctx) -> Result<()> {
    if !Path::new(DIRECTORY).exists() {
        return ctx.skip("this kernel's patch has no selftests; use --kernel extended-6.12");
    }
    let said = Command::new("./persist").directory(DIRECTORY).run()?.success()?.stdout;
    let totals = said.lines().find_map(|line| line.strip_prefix("# Totals: ")).context(said.clone())?;
    ensure!(totals.starts_with(&format!("pass:{TESTS} fail:0 xfail:0 xpass:0 skip:0")), "{said}");
    ctx.note(totals);
    Ok(())
}
