// SPDX-License-Identifier: MIT OR Apache-2.0
//! What others may have prepared for a root process: the journal's directory, copied notes. And what the
//! journal costs.

use std::ffi::CString;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use libmodfmt::export::{CrcForm, ExportLayout, Fields, Form};
use libmodfmt::file::ModuleFile;
use libmodfmt::image::Bindings;

use super::costs::instructions_of_children;
use super::keep::is_kept;
use crate::ctx::{Command, Ctx, tools};
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("hostile-journal", "a journal's directory or file that others made is not used", planted)
        .limit_secs(300),
    Scenario::new(
        "journal-cost",
        "40 reloads cost a few kilobytes and a fifth more instructions at most",
        cost,
    )
    .counted(),
    Scenario::new(
        "hostile-note",
        "a module with a copy of a keeper's note is an ordinary module",
        copied_note,
    )
    .needs(Needs::Stock),
];

/// The journal's directory.
const JOURNAL: &str = "/var/log/ksymoops";

/// A user who may write to `/var/log`, by its group.
const USER: u32 = 1000;

/// What only root could write and read before.
const VICTIM: &str = "/etc/victim";

/// Runs a script as the user.
fn as_user(script: &str) -> Result<()> {
    Command::new(tools::BUSYBOX).args(["sh", "-c", script]).user(USER).run()?.success()?;
    Ok(())
}

/// The name of this boot's journal.
fn journal_name(ctx: &Ctx) -> Result<String> {
    Ok(format!("{JOURNAL}/boot-{}.jsonl", ctx.read("/proc/sys/kernel/random/boot_id")?))
}

fn planted(ctx: &mut Ctx) -> Result<()> {
    let file = journal_name(ctx)?;
    ctx.sh(&format!("rm -rf {JOURNAL}; mkdir -p /var/log && chown 0:{USER} /var/log && chmod 775 /var/log"))?;
    let result = attacks(ctx, &file);
    ctx.sh(&format!("rm -rf {JOURNAL} {VICTIM} /srv/journal; chown 0:0 /var/log && chmod 755 /var/log"))?;
    result?;
    // In a directory of root's alone there is a journal, for root's eyes only.
    ctx.sh(&format!("mkdir -m 755 {JOURNAL}"))?;
    let module = ctx.fixture("smoke")?;
    ctx.insmod([&module])?.success()?.silent()?;
    ctx.rmmod(["smoke"])?.success()?.silent()?;
    let mode = fs::metadata(&file)?.permissions().mode() & 0o777;
    ensure!(mode == 0o600 && ctx.read(&file)?.contains("\"unload\""), "mode {mode:o}");
    ctx.sh(&format!("rm -r {JOURNAL}"))?;
    Ok(())
}

/// Each attack, as the user or in a directory that the user may write to.
fn attacks(ctx: &mut Ctx, file: &str) -> Result<()> {
    // The user makes the directory, with a link to a file of root's in the journal's place.
    as_user(&format!("mkdir -m 777 {JOURNAL} && ln -s {VICTIM} {file}"))?;
    refused(ctx, &format!("it belongs to user {USER}"))?;
    as_user(&format!("rm -r {JOURNAL}"))?;
    // The directory is a link of the user's to one of root's.
    ctx.sh("mkdir -p -m 755 /srv/journal")?;
    as_user(&format!("ln -s /srv/journal {JOURNAL}"))?;
    refused(ctx, "it is a symbolic link")?;
    ensure!(fs::read_dir("/srv/journal")?.count() == 0, "the link was followed");
    ctx.sh(&format!("rm {JOURNAL}"))?;
    // The directory is root's, but its group may write to it: a file that everybody may read, a FIFO.
    ctx.sh(&format!("mkdir {JOURNAL} && chown 0:{USER} {JOURNAL} && chmod 775 {JOURNAL}"))?;
    as_user(&format!("touch {file} && chmod 666 {file}"))?;
    refused(ctx, "others may write to it (mode 0775)")?;
    ensure!(fs::metadata(file)?.len() == 0, "addresses were written where all can read them");
    as_user(&format!("rm {file} && mkfifo -m 666 {file}"))?;
    refused(ctx, "others may write to it (mode 0775)")?;
    // Somebody has noticed, and changed the directory's mode: what was prepared in it is still there.
    ctx.sh(&format!("chmod 755 {JOURNAL}"))?;
    refused(ctx, "it is not a regular file")?;
    for (prepare, reason) in [
        (format!("ln -s {VICTIM} {file}"), "it is a symbolic link"),
        (format!("ln -s /etc/new-file {file}"), "it is a symbolic link"),
        (format!("touch {file} && chown {USER}:{USER} {file}"), "it belongs to user 1000"),
        (format!("touch {file} && chmod 644 {file}"), "others may read or write it (mode 0644)"),
        (format!("touch {VICTIM} && ln {VICTIM} {file}"), "it has 2 names (hard links)"),
        (format!("mkdir {file}"), "it is not a regular file"),
    ] {
        ctx.sh(&format!("rm -f {file} && {prepare}"))?;
        refused(ctx, reason)?;
    }
    ensure!(!Path::new("/etc/new-file").exists(), "a file was created through a link");
    Ok(())
}

/// Loads and removes modules, plain and with persistent data: one warning each, and nothing written.
fn refused(ctx: &mut Ctx, reason: &str) -> Result<()> {
    fs::write(VICTIM, "as before")?;
    fs::set_permissions(VICTIM, PermissionsExt::from_mode(0o600))?;
    let listing = |ctx: &mut Ctx| ctx.sh(&format!("ls -lnR {JOURNAL}/"));
    let before = listing(ctx)?;
    for module in ["smoke", "meter"] {
        let file = ctx.fixture(module)?;
        let loaded = ctx.insmod(["--snapshot", &file])?.success()?;
        let removed = ctx.rmmod([module])?.success()?;
        for output in [&loaded, &removed] {
            let count = output.stderr.matches("no journal is written").count();
            ensure!(count == 1 && output.stderr.contains(reason), "{output}\nexpected once: {reason}");
        }
        if is_kept(ctx, module)? {
            ctx.rmmod(["--discard", module])?.success()?;
        }
    }
    // A snapshot has names of its own, so only an unsafe directory keeps it from being taken.
    ctx.sh(&format!("rm -f {JOURNAL}/*.ksyms {JOURNAL}/*.modules {JOURNAL}/*.snapshot"))?;
    let after = listing(ctx)?;
    ensure!(before == after, "before:\n{before}after:\n{after}");
    ensure!(ctx.read(VICTIM)? == "as before", "{VICTIM} was written to");
    Ok(())
}

/// Reloads on either side of the comparison.
const RELOADS: usize = 40;

/// What this many reloads of a module take, each, in thousands of instructions.
fn reloads(ctx: &mut Ctx, file: &str, name: &str, count: usize) -> Result<i64> {
    let start = instructions_of_children()?;
    for _ in 0..count {
        ctx.insmod([file])?.success()?.silent()?;
        ctx.rmmod([name])?.success()?.silent()?;
    }
    Ok((instructions_of_children()? - start) / i64::try_from(count)?)
}

fn cost(ctx: &mut Ctx) -> Result<()> {
    let file = journal_name(ctx)?;
    let module = ctx.fixture("smoke")?;
    ctx.sh(&format!("rm -rf {JOURNAL}"))?;
    // The first commands fill caches.
    reloads(ctx, &module, "smoke", 2)?;
    let without = reloads(ctx, &module, "smoke", RELOADS)?;
    ctx.sh(&format!("mkdir -p -m 700 {JOURNAL}"))?;
    let with = reloads(ctx, &module, "smoke", RELOADS)?;
    let size = fs::metadata(&file)?.size();
    let names = ctx.sh(&format!("ls {JOURNAL}"))?;
    ctx.measure("a reload without a journal, and with one (1000 instructions)", format!("{without}, {with}"));
    ctx.measure("journal after 40 reloads (bytes)", size);
    ensure!(size <= 256 << 10, "the journal has {size} bytes");
    ensure!(names.lines().count() == 1, "more than a journal was written: {names}");
    ensure!(
        without > 0 && with * 10 <= without * 12,
        "a reload takes {without} thousand instructions without a journal, {with} with one"
    );
    // Every load and removal is there.
    let journal = ctx.read(&file)?;
    let count = |word: &str| journal.lines().filter(|line| line.contains(word)).count();
    ensure!(count("\"entry\":\"module\",\"name\":\"smoke\"") == RELOADS, "{journal}");
    ensure!(count("\"entry\":\"unload\",\"name\":\"smoke\"") == RELOADS, "{journal}");
    ctx.sh(&format!("rm -r {JOURNAL}"))?;
    Ok(())
}

fn copied_note(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("meter")?;
    ctx.insmod([&file])?.success()?;
    let note = ctx.note_bytes("meter__persist", ".note.persist")?;
    // A module with the same note, and with another name and other exports, which the loader reads here.
    let layout = ExportLayout {
        form: Form::Prel32,
        fields: Fields::Three,
        kflagstab: false,
        gpl_tables: true,
        crc: CrcForm::Value,
    };
    let read = ModuleFile::new(fs::read(&file)?, 0);
    let persistent = read.persistent()?.context("meter has persistent data")?;
    let mut image = persistent.keeper(&layout, &Bindings::first(persistent.header()))?;
    replace(&mut image, b"meter__persist", b"copied_header_");
    replace(&mut image, b"__persist_", b"__copied__");
    nix::kmod::init_module(&image, &CString::default()).context("the copy was not loaded")?;
    ensure!(ctx.note_bytes("copied_header_", ".note.persist")? == note, "the note is not a copy");
    let list = ctx.modpersist(["list"])?.success()?;
    ensure!(list.stdout.contains("meter__persist"), "{list}");
    ensure!(!list.stdout.contains("copied_header_"), "{list}");
    ctx.rmmod(["-v", "copied_header_"])?
        .success()?
        .stderr_has("copied_header_ carries a header of meter's data, but is not its keeper")?;
    ensure!(!ctx.is_loaded("copied_header_")?, "it was not removed");
    // The real data was not touched, and the keeper is protected as before.
    ensure!(ctx.is_loaded("meter__persist")?, "the keeper is gone");
    ctx.rmmod(["meter"])?.success()?.silent()?;
    ctx.rmmod(["meter__persist"])?.code(1)?.stderr_has("rmmod --discard meter")?;
    // Also if the copy is there when the owner comes back.
    nix::kmod::init_module(&image, &CString::default()).context("the copy was not loaded")?;
    ctx.insmod([&file])?.success()?.silent()?;
    ctx.rmmod(["copied_header_"])?.success()?.silent()?;
    ctx.rmmod(["--discard", "meter"])?.success()?.silent()?;
    Ok(())
}

/// Replaces some bytes by as many others, wherever they are.
fn replace(image: &mut [u8], old: &[u8], new: &[u8]) {
    let found = |image: &[u8]| image.windows(old.len()).position(|at| at == old);
    while let Some(at) = found(image) {
        image[at..at + new.len()].copy_from_slice(new);
    }
}
