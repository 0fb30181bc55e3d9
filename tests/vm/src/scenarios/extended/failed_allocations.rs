// SPDX-License-Identifier: MIT OR Apache-2.0
//! Makes each allocation of a load fail, one after another (fault injection).

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;

use anyhow::{Result, ensure};
use nix::errno::Errno;

use super::assertions::{first_is, region_is};
use crate::ctx::Ctx;
use crate::ctx::extended::{self, FRESH, NOTES, PERSIST, blocks, delete, finit, release, set_note};
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[Scenario::new(
    "ext-allocations",
    "every allocation of a load fails in turn: nothing is leaked or lost",
    allocations,
)
.needs(Needs::Extended)
.limit_secs(900)
.traces()];

/// The kernel counts down this thread's allocations and fails the one that reaches zero.
const FAIL_NTH: &str = "/proc/thread-self/fail-nth";

/// More allocations than any load makes.
const MAX_ALLOCATIONS: u32 = 5000;

fn allocations(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("layout")?;
    for setting in
        ["failslab/ignore-gfp-wait", "fail_page_alloc/ignore-gfp-wait", "fail_page_alloc/ignore-gfp-highmem"]
    {
        fs::write(format!("/sys/kernel/debug/{setting}"), "N")?;
    }
    for setting in ["failslab/verbose", "fail_page_alloc/verbose", "fail_page_alloc/min-order"] {
        fs::write(format!("/sys/kernel/debug/{setting}"), "0")?;
    }
    // The very first load allocates what later ones reuse.
    finit(&file, "", PERSIST)?;
    delete("layout")?;
    release("layout")?;
    let first = fail_each(ctx, &file, PERSIST, None)?;
    finit(&file, "", PERSIST)?;
    delete("layout")?;
    let mut loads = 2;
    let later = fail_each(ctx, &file, PERSIST, Some(&mut loads))?;
    finit(&file, "", PERSIST)?;
    loads += 1;
    first_is(ctx, &loads.to_string())?;
    delete("layout")?;
    let fresh = fail_each(ctx, &file, PERSIST | FRESH, Some(&mut 0))?;
    ctx.measure("failing allocations: first load, reload, fresh", format!("{first}, {later}, {fresh}"));
    ensure!(first > 20 && later > 20 && fresh > 20, "{first}, {later}, {fresh}: hardly anything failed");
    note()?;
    release("layout")?;
    Ok(())
}

/// A note for which there is no memory leaves the one before.
fn note() -> Result<()> {
    let [(serial, _)] = blocks()?.try_into().map_err(|blocks| anyhow::anyhow!("{blocks:?}"))?;
    set_note(serial, b"before")?;
    let file = OpenOptions::new().write(true).open(NOTES)?;
    let (written, used_up) = with_failing_allocation(1, || file.write_at(b"after", serial << 20))?;
    let errno = written.err().and_then(|error| error.raw_os_error());
    ensure!(used_up && errno == Some(Errno::ENOMEM as i32), "{errno:?}");
    ensure!(extended::note(serial)? == b"before", "{:?}", extended::note(serial));
    Ok(())
}

/// Runs `body` with its `nth` allocation failing. Returns its result and whether there were that many
/// allocations. The file stays open, because opening it allocates.
fn with_failing_allocation<T>(nth: u32, body: impl FnOnce() -> T) -> Result<(T, bool)> {
    let file = OpenOptions::new().read(true).write(true).open(FAIL_NTH)?;
    file.write_all_at(nth.to_string().as_bytes(), 0)?;
    let result = body();
    let mut left = [0; 16];
    let read = file.read_at(&mut left, 0);
    file.write_all_at(b"0", 0)?;
    let left = left.get(..read?).unwrap_or_default();
    Ok((result, String::from_utf8_lossy(left).trim() == "0"))
}

/// Loads again and again, each time with a later allocation failing, until a load has no more allocations.
/// Returns how many loads failed. `kept` counts the successful loads if a region existed before.
fn fail_each(ctx: &mut Ctx, file: &str, flags: u32, mut kept: Option<&mut u32>) -> Result<u32> {
    let mut failed = 0;
    for nth in 1..MAX_ALLOCATIONS {
        let (result, used_up) = with_failing_allocation(nth, || finit(file, "", flags))?;
        match result {
            Ok(()) => {
                region_is(ctx, "layout", Some("used"))?;
                delete("layout")?;
                if let Some(loads) = kept.as_deref_mut() {
                    *loads += 1;
                } else {
                    release("layout")?;
                }
                // The countdown did not reach zero: the load has no more allocations.
                if !used_up {
                    return Ok(failed);
                }
            }
            Err(errno) => {
                ensure!(used_up, "allocation {nth}: {errno}, although none failed");
                ensure!(
                    matches!(errno, Errno::ENOMEM | Errno::EINVAL | Errno::ENOENT | Errno::EKEYREJECTED),
                    "allocation {nth}: {errno}"
                );
                region_is(ctx, "layout", kept.as_ref().map(|_| "unused"))?;
                ensure!(!ctx.is_loaded("layout")?, "allocation {nth}: the module is loaded anyway");
                failed += 1;
            }
        }
    }
    anyhow::bail!("{MAX_ALLOCATIONS} allocations, and still no end")
}
