// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs scenarios one after another and decides whether each passed.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::ctx::{Ctx, Skip, extended, health, trouble};
use crate::protocol::{Line, Status};
use crate::scenario::{Expect, Scenario};
use crate::scenarios;

/// Runs the named scenarios. An unknown name counts as a failed scenario.
///
/// Stops early if a scenario has damaged the kernel: the host boots again for the rest.
pub fn run(ctx: &mut Ctx, names: &[String]) {
    for (index, name) in names.iter().enumerate() {
        ctx.port().send(&Line::Start { start: name.clone() });
        let start = Instant::now();
        let (mut result, kernel) = match scenarios::find(name) {
            Some(scenario) => judge(ctx, scenario),
            None => {
                (Err(anyhow!("no scenario has this name; see `cargo xtask vm --list`")), KernelState::Sound)
            }
        };
        // Leaks and lock faults anywhere in this boot fail its last scenario.
        if index.saturating_add(1) == names.len() && kernel == KernelState::Sound && result.is_ok() {
            result = health::check(ctx).context("since the start of this boot");
        }
        let (status, detail) = outcome(result);
        let ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        ctx.port().send(&Line::Result { scenario: name.clone(), status, detail, ms });
        if kernel == KernelState::Harmed {
            return;
        }
    }
}

/// Whether another scenario's result on this kernel would mean anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KernelState {
    Sound,
    Harmed,
}

fn outcome(result: Result<()>) -> (Status, String) {
    match result {
        Ok(()) => (Status::Pass, String::new()),
        Err(error) => match error.downcast_ref::<Skip>() {
            Some(skip) => (Status::Skip, skip.to_string()),
            None => (Status::Fail, format!("{error:#}")),
        },
    }
}

/// Runs one scenario and checks what it left behind.
fn judge(ctx: &mut Ctx, scenario: &Scenario) -> (Result<()>, KernelState) {
    let (mark, before) = match ctx.log_mark().and_then(|mark| Ok((mark, loaded(ctx)?))) {
        Ok(start) => start,
        Err(error) => return (Err(error), KernelState::Harmed),
    };
    let result = catch_unwind(AssertUnwindSafe(|| (scenario.run)(ctx)))
        .unwrap_or_else(|panic| Err(anyhow!("panicked: {}", panic_text(panic.as_ref()))));
    // After an oops, removing a module may wait forever for a lock that the oops left held. This boot ends
    // here anyway.
    let left = if scenario.expect == Expect::Clean { clean_up(ctx, &before) } else { Ok(Vec::new()) };
    let records = ctx.log_records(&mark).unwrap_or_default();
    let expected = |text: &str| scenario.expect == Expect::Traces && text.ends_with("Call Trace:");
    let trouble = trouble(&records)
        .into_iter()
        .find(|record| !expected(&record.text))
        .map(|record| record.text.clone());
    let stays = loaded(ctx).map_or(true, |now| now.iter().any(|name| !before.contains(name)));
    let state = if trouble.is_some() || stays { KernelState::Harmed } else { KernelState::Sound };
    // The scenario's own error comes first: it says more than what is found afterwards.
    (result.and_then(|()| verdict(scenario, trouble, left)), state)
}

/// Whether the kernel agrees that a scenario passed.
fn verdict(scenario: &Scenario, trouble: Option<String>, left: Result<Vec<String>>) -> Result<()> {
    match (scenario.expect, trouble) {
        (Expect::Clean | Expect::Traces, Some(text)) => bail!("the kernel logged {text:?}"),
        (Expect::Oops | Expect::OopsOrPanic, None) => bail!("the kernel was expected to oops but did not"),
        (Expect::Panic, _) => bail!("the kernel was expected to panic but did not"),
        (Expect::Clean | Expect::Traces, None) => {
            let left = left?;
            ensure!(scenario.leaves_modules || left.is_empty(), "left behind: {}", left.join(", "));
        }
        (Expect::Oops | Expect::OopsOrPanic, Some(_)) => {}
    }
    Ok(())
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("?")
}

fn loaded(ctx: &Ctx) -> Result<Vec<String>> {
    Ok(ctx.modules()?.into_iter().map(|module| module.name).collect())
}

/// Removes what the scenario left loaded, so that the next one starts clean. Returns the names.
fn clean_up(ctx: &mut Ctx, before: &[String]) -> Result<Vec<String>> {
    let mut left = loaded(ctx)?;
    left.retain(|name| !before.contains(name));
    // Each round removes what nothing else uses, so there are at most as many rounds as modules.
    for _ in 0..left.len() {
        for module in ctx.modules()? {
            if left.contains(&module.name) && module.references == Some(0) {
                ctx.peer_rmmod([&module.name])?;
            }
        }
    }
    for owner in ctx.extended_regions()? {
        extended::release(&owner)?;
        left.push(format!("data of {owner}"));
    }
    Ok(left)
}
