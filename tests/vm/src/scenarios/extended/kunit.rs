// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tests that our patches bring for KUnit, which the kernel runs while it boots.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::ctx::Ctx;
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] =
    &[Scenario::new("ext-kunit", "the kernel's own tests of our patches pass", kunit)
        .needs(Needs::Extended)
        .cmdline("kunit.enable=1")
        .limit_secs(300)
        .alone()];

/// Where the kernel leaves the results.
const RESULTS: &str = "/sys/kernel/debug/kunit";

/// Suites, and the number of their cases.
const SUITES: &[(&str, usize)] = &[("module_persist", 11), ("name_token", 1)];

fn kunit(ctx: &mut Ctx) -> Result<()> {
    if !Path::new(RESULTS).exists() {
        return ctx.skip("this kernel has no KUnit; use --kernel debug-6.12");
    }
    for (suite, cases) in SUITES {
        let path = Path::new(RESULTS).join(suite).join("results");
        let text = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
        let passed = text.lines().filter(|line| is_passed_case(line)).count();
        ensure!(passed == *cases && !text.contains("not ok"), "{suite}: {text}");
        ctx.note(format!("{suite}: {passed} of {cases} cases passed"));
    }
    Ok(())
}

/// Cases are indented, suites less so: `    ok 3 keeps_values`.
fn is_passed_case(line: &str) -> bool {
    line.strip_prefix("    ").is_some_and(|rest| rest.starts_with("ok ") && !rest.contains("# SKIP"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_passed_cases_count() {
        assert!(is_passed_case("    ok 3 keeps_values"));
        for line in ["ok 1 module_persist", "    not ok 3 x", "    ok 3 x # SKIP y", "    # x: y"] {
            assert!(!is_passed_case(line), "{line}");
        }
    }
}
