// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist save` and `restore`: values that outlive their keeper, and the kernel.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use anyhow::{Context, Result, ensure};

use super::keep::drop_all;
use crate::ctx::Ctx;
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("save-restore", "values are saved, dropped and restored, or refused by name", restored)
        .needs(Needs::Stock),
    Scenario::new("save-other-kernel", "values saved on 6.1 are restored on this kernel", other_kernel)
        .needs(Needs::Stock),
];

const SAVED: &str = "/tmp/saved.json";

/// Saved from `saved.ko` with `fill=1` on Debian's 6.1. The scenario `save-other-kernel` leaves the file of
/// the kernel that it runs on beside the consoles, as `saved.json`: that of a run on 6.1 can take its place.
const SAVED_ON_6_1: &str = include_str!("../../../fixtures/saved/saved-6.1.json");

fn restored(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("saved")?;
    ctx.insmod([&*file, "fill=1"])?.success()?;
    ctx.rmmod(["saved"])?.success()?;
    let save = ctx.modpersist(["save", "saved", SAVED])?.success()?;
    ensure!(save.stdout == format!("saved: 6 variables saved in {SAVED}\n"), "{save}");
    ensure!(fs::metadata(SAVED)?.permissions().mode() & 0o777 == 0o600, "others can read it");

    // Nothing is overwritten.
    let refused = ctx.modpersist(["restore", &file, SAVED])?.code(1)?;
    refused
        .stdout_has("data of saved is kept in the kernel already\n")?
        .stdout_has("nothing was loaded, and the data of saved is untouched\n")?;
    let diff = ctx.modpersist(["show", "--diff", SAVED, "saved"])?.success()?;
    ensure!(diff.stdout == "Nothing has changed.\n", "{diff}");
    drop_all(ctx, "saved")?;

    let dry = ctx.modpersist(["restore", "--dry-run", &file, SAVED])?.success()?;
    ctx.note(dry.stdout.clone());
    dry.stdout_has("from the file: saved.c:record.lock: is idle\n")?
        .stdout_has("from the file: saved.c:record.null: is NULL\n")?
        .stdout_has("saved: 4 variables would be restored, saved on ")?;
    ensure!(ctx.modules()?.is_empty(), "a dry run loads nothing");

    ctx.modpersist(["restore", &file, SAVED])?.success()?.stdout_has("saved: 4 variables restored, ")?;
    let diff = ctx.modpersist(["show", "--diff", SAVED, "saved"])?.success()?;
    ensure!(diff.stdout == "Nothing has changed.\n", "{diff}");
    // From now on it is kept like any other data.
    ctx.rmmod(["saved"])?.success()?;
    ctx.insmod([&file])?.success()?.silent()?;
    let diff = ctx.modpersist(["show", "--diff", SAVED, "saved"])?.success()?;
    ensure!(diff.stdout == "Nothing has changed.\n", "{diff}");
    drop_all(ctx, "saved")?;

    converted(ctx)?;
    refused_by_name(ctx)?;
    pointers(ctx)?;
    fs::remove_file(SAVED)?;
    Ok(())
}

/// Into a version with other types.
fn converted(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("saved_v2")?;
    ctx.insmod([&*format!("--restore={SAVED}"), &*file])?.success()?;
    let show = ctx.modpersist(["show", "saved", "record"])?.success()?;
    ctx.note(show.stdout.clone());
    show.stdout_has("hits = 4000000000\n")?
        .stdout_has("enum mode mode = MODE_FAST\n")?
        .stdout_has("unsigned int low:3 = 5\n")?
        .stdout_has("int small:5 = -3\n")?
        .stdout_has("int added = 44\n")?
        .stdout_has("short int pairs[2][2] = {{0, -1}, {-2, -3}}\n")?;
    let place = ctx.modpersist(["show", "saved", "record.places[3].y"])?.success()?;
    place.stdout_has("= -15000000000\n")?;
    drop_all(ctx, "saved")
}

fn refused_by_name(ctx: &mut Ctx) -> Result<()> {
    for (fixture, wanted, drop) in [
        ("saved_narrow", "saved.c:record.hits: has 16 bits, had 32\n", "record.hits"),
        ("saved_less", "saved.c:numbers: the file has no such variable\n", "numbers"),
    ] {
        let file = ctx.fixture(fixture)?;
        let refused = ctx.modpersist(["restore", &file, SAVED])?.code(1)?;
        refused.stdout_has(wanted)?.stdout_has("nothing was loaded\n")?;
        let refused = ctx.insmod([&*format!("--restore={SAVED}"), &*file])?.code(1)?;
        refused.stderr_has(wanted)?;
        ensure!(ctx.modules()?.is_empty(), "a refused load leaves nothing");
        ctx.modpersist(["restore", &format!("--drop={drop}"), &file, SAVED])?.success()?;
        if drop == "record.hits" {
            let hits = ctx.modpersist(["show", "saved", drop])?.success()?;
            hits.stdout_has("= 1\n")?;
        }
        drop_all(ctx, "saved")?;
    }
    let file = ctx.fixture("saved_fail")?;
    let failed = ctx.modpersist(["restore", &file, SAVED])?.code(1)?;
    failed.stderr_has("Input/output error")?;
    ensure!(ctx.modules()?.is_empty(), "an init that fails leaves nothing");
    Ok(())
}

fn pointers(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("saved")?;
    ctx.insmod([&*file, "fill=1", "point=1"])?.success()?;
    // Over the file that is there.
    let save = ctx.modpersist(["save", "saved", SAVED])?.success()?;
    save.stdout_has("  saved.c:pointer: is a pointer\n")?;
    drop_all(ctx, "saved")?;
    let refused = ctx.modpersist(["restore", &file, SAVED])?.code(1)?;
    refused
        .stdout_has("  saved.c:pointer: is a pointer\n")?
        .stdout_has("--drop=pointer starts it from the file's initial value\n")?;
    ensure!(ctx.modules()?.is_empty(), "a refused load leaves nothing");
    ctx.modpersist(["restore", "--drop=pointer", &file, SAVED])?.success()?;
    ctx.modpersist(["show", "saved", "pointer"])?.success()?.stdout_has("= NULL\n")?;
    drop_all(ctx, "saved")
}

fn other_kernel(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("saved")?;
    fs::write(SAVED, SAVED_ON_6_1)?;
    // What this kernel would save is equal, field by field.
    ctx.insmod([&*file, "fill=1"])?.success()?;
    let now = ctx.modpersist(["save", "saved", "-"])?.success()?;
    ctx.artifact("saved.json", now.stdout.clone());
    equal_to_saved(ctx)?;
    drop_all(ctx, "saved")?;
    ctx.modpersist(["restore", &file, SAVED])?.success()?.stdout_has(", saved on 6.1.")?;
    equal_to_saved(ctx)?;
    drop_all(ctx, "saved")?;
    fs::remove_file(SAVED)?;
    Ok(())
}

/// Apart from fields of the kernel's lock that only one of two kernels has.
fn equal_to_saved(ctx: &mut Ctx) -> Result<()> {
    let diff = ctx.modpersist(["show", "--wide", "--diff", SAVED, "saved"])?.success()?;
    let mut lines = diff.stdout.lines().filter(|line| !line.starts_with("saved.c:record.lock."));
    let first = lines.next();
    ensure!(first.is_none_or(|line| line == "Nothing has changed."), "{diff}");
    lines.next().map_or(Ok(()), |line| Err(anyhow::anyhow!("{line}"))).context("a value differs")
}
