// SPDX-License-Identifier: MIT OR Apache-2.0
//! What insmod and rmmod cost in a guest, from the scenarios `cost-` and `growth-`.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::document::Row;
use super::plot::{Curve, plot};
use crate::args::KernelArgs;
use crate::setup::Userland;
use crate::{process, vm};

/// Limits, by scenario: the row, the measure that has ours and the peer's, and the limit in hundredths.
const LIMITS: &[(&str, &str, &str, u64)] = &[
    ("cost-plain", "insmod and rmmod of a module without persistent data", "plain insmod and rmmod", 60),
    ("cost-kept", "a kept reload, against kmod's plain one", "kept reload", 90),
    (
        "cost-debug-sections",
        "a kept reload of a module with 100 MB of debug sections, against kmod's plain one",
        "kept reload",
        100,
    ),
];

/// How the measures end that are compared.
const UNIT: &str = ", ours and kmod's (1000 instructions)";

/// The scenarios that are plotted, and what is on the horizontal axis.
const GROWTH: &[(&str, &str)] = &[("growth-variables", "variables"), ("growth-owners", "owners")];

/// The curves of each plot.
const CURVES: &[&str] = &["first load", "kept reload"];

/// How much more a step may cost at the end of a curve than at its beginning, in hundredths. The kernel looks for the
/// version of each imported symbol in a list of all of them, so that a step is not quite the same everywhere; of a
/// square, it would cost three times as much.
const MAX_STEP: i64 = 200;

/// What was measured.
pub struct Measured {
    /// Scenario, measure, value.
    values: Vec<(String, String, String)>,
    /// The version of kmod.
    kmod: String,
}

/// Runs the scenarios with our programs as they are shipped.
pub fn measure(kernel: &KernelArgs) -> Result<Measured> {
    let kmod = kmod_version()?;
    let mut args = kernel.clone();
    args.machine.as_shipped = true;
    let vm = vm::prepare(&args)?;
    let names = LIMITS.iter().map(|limit| limit.0).chain(GROWTH.iter().map(|growth| growth.0));
    let scenarios =
        names.map(|name| vmguest::scenarios::find(name).context(name)).collect::<Result<Vec<_>>>()?;
    let report = vm::run_scenarios(&vm, &scenarios)?;
    report.print_summary();
    ensure!(report.is_good(), "what has failed has no figures");
    Ok(Measured { values: report.measures(), kmod })
}

impl Measured {
    fn values<'a>(&'a self, scenario: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.values
            .iter()
            .filter(move |(name, ..)| name == scenario)
            .map(|(_, what, value)| (&**what, &**value))
    }

    /// The rows of the table.
    pub fn rows(&self, release: &str) -> Result<Vec<Row>> {
        let row = |(scenario, what, measure, limit): &(&str, &str, &str, u64)| {
            let name = format!("{measure}{UNIT}");
            let mut values = self.values(scenario).filter(|(what, _)| *what == name);
            let (_, value) = values.next().with_context(|| format!("{scenario} has not measured {name}"))?;
            let (ours, peers) = value.split_once(", ").with_context(|| value.to_owned())?;
            let (ours, peers): (u64, u64) = (ours.parse()?, peers.parse()?);
            let hundredths = ours.saturating_mul(100) / peers.max(1);
            Ok(Row {
                what: (*what).to_owned(),
                ours: format!("{} million instructions", millions(ours)),
                peers: millions(peers),
                ratio: format!("{}.{:02}", hundredths / 100, hundredths % 100),
                limit: format!("at most {}.{:02}", limit / 100, limit % 100),
                date: process::today()?,
                with: format!("Linux {release}, kmod {}", self.kmod),
                holds: hundredths <= *limit,
            })
        };
        LIMITS.iter().map(row).collect()
    }

    /// Writes a plot for each of [`GROWTH`] into `folder`, and checks that each step costs as much as another.
    pub fn plot(&self, folder: &Path) -> Result<()> {
        for (scenario, axis) in GROWTH {
            let mut curves = Vec::new();
            for name in CURVES {
                let prefix = format!("{name}, {axis} ");
                let points = self.values(scenario).filter_map(|(what, value)| {
                    Some((what.strip_prefix(&prefix)?.parse().ok()?, value.parse().ok()?))
                });
                let curve = Curve { name: (*name).to_owned(), points: points.collect() };
                ensure!(curve.points.len() > 2, "{scenario} has not measured {name}");
                curve.check_linear(MAX_STEP).with_context(|| format!("{scenario}: {name}"))?;
                curves.push(curve);
            }
            plot(&folder.join(format!("costs-{axis}.svg")), axis, &curves)?;
        }
        Ok(())
    }
}

fn millions(thousands: u64) -> String {
    format!("{}.{}", thousands / 1000, thousands % 1000 / 100)
}

/// The version of kmod in the guest, of the distribution's package: this machine may have none.
fn kmod_version() -> Result<String> {
    let text = process::output(Userland::with_one_kmod(None)?.kmod_tool("modinfo")?.arg("--version"))?;
    Ok(text.split_whitespace().nth(2).unwrap_or("?").to_owned())
}
