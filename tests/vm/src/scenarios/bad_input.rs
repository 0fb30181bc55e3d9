// SPDX-License-Identifier: MIT OR Apache-2.0
//! Broken files: the error says where, and the kernel never sees the file.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::keep::is_extended_kernel;
use crate::ctx::{Ctx, Status};
use crate::scenario::Scenario;

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("bad-files", "truncated files, flipped bits and false headers", files).limit_secs(300),
    Scenario::new("bad-bomb", "decompression of a bomb stops at the limit", bomb)
        .memory_mib(1536)
        .limit_secs(300),
];

const FILE: &str = "/tmp/bad.ko";

/// Writes an eight-byte number at an offset.
fn put(bytes: &mut [u8], offset: usize, value: u64) -> Result<()> {
    let place = bytes.get_mut(offset..offset + 8).context("offset beyond the end of the file")?;
    place.copy_from_slice(&value.to_le_bytes());
    Ok(())
}

fn word(bytes: &[u8], offset: usize) -> Result<u64> {
    let place = bytes.get(offset..offset + 8).context("offset beyond the end of the file")?;
    Ok(u64::from_le_bytes(place.try_into()?))
}

/// The offset of the first section header of this type.
fn header_of_type(bytes: &[u8], wanted: u32) -> Result<usize> {
    let table = usize::try_from(word(bytes, 0x28)?)?;
    (0..200)
        .map(|index| table + index * 64)
        .find(|at| bytes.get(at + 4..at + 8).is_some_and(|kind| kind == wanted.to_le_bytes()))
        .context("no section of this type")
}

fn files(ctx: &mut Ctx) -> Result<()> {
    let good = fs::read(ctx.fixture("layout")?)?;
    let symtab = header_of_type(&good, 2)?;
    let rela = header_of_type(&good, 4)?;
    type Damage = Box<dyn Fn(&mut Vec<u8>) -> Result<()>>;
    let cases: Vec<(&str, Damage, &str)> = vec![
        (
            "symbol table outside",
            Box::new(move |file| put(file, symtab + 0x18, 1 << 40)),
            "lies outside of the file",
        ),
        (
            "huge section",
            Box::new(move |file| put(file, symtab + 0x20, u64::MAX - 15)),
            "lies outside of the file",
        ),
        ("odd symbol table", Box::new(move |file| put(file, symtab + 0x20, 25)), "sh_size"),
        (
            "overlap",
            Box::new(move |file| {
                let offset = word(file, rela + 0x18)?;
                put(file, symtab + 0x18, offset)
            }),
            "overlap at offset",
        ),
        ("alignment", Box::new(move |file| put(file, symtab + 0x30, 3)), "sh_addralign is 0x3"),
        (
            "type",
            Box::new(|file| {
                file[0x10] = 2;
                Ok(())
            }),
            "e_type is 0x2",
        ),
        (
            "symbol of no section",
            Box::new(move |file| {
                let offset = usize::try_from(word(file, symtab + 0x18)?)?;
                let place = file.get_mut(offset + 24 + 6..offset + 24 + 8).context("a symbol")?;
                place.copy_from_slice(&0x0777_u16.to_le_bytes());
                Ok(())
            }),
            "symbol 1: st_shndx is 0x777: no such section",
        ),
    ];
    for (name, damage, text) in cases {
        let mut file = good.clone();
        damage(&mut file)?;
        fs::write(FILE, file)?;
        refused(ctx, Some(text)).with_context(|| name.to_owned())?;
    }
    // Whatever is cut or flipped, no half-built image reaches the kernel, and nothing panics.
    let mut loads = 0;
    for step in 0..60 {
        let mut file = good.clone();
        if step % 2 == 0 {
            file.truncate(good.len() * (step + 1) / 61);
        } else {
            let at = (step * 7919 * 31) % good.len();
            file[at] ^= 1 << (step % 8);
        }
        fs::write(FILE, &file)?;
        if is_extended_kernel() && step % 2 != 0 {
            // Loading the file itself could run code with a flipped bit.
            let output = ctx.modpersist(["check", FILE])?;
            ensure!(matches!(output.status, Status::Exited(0 | 1)), "{output}");
            ensure!(!output.stderr.contains("panicked"), "{output}");
            continue;
        }
        let output = ctx.insmod(["--keep=require", FILE])?;
        ensure!(matches!(output.status, Status::Exited(0 | 1)), "{output}");
        ensure!(!output.stderr.contains("panicked"), "{output}");
        if output.status.is_success() {
            // The bit was in debug information or in a value, so the module still works.
            loads += 1;
            ctx.rmmod(["--discard", "layout"])?.success()?;
        }
        ensure!(!ctx.is_loaded("layout__persist")?, "a keeper was left: {output}");
    }
    ctx.measure("of 60 damaged files, still loadable", loads);
    for empty in ["", "\x7fELF", "no module at all, only text"] {
        fs::write(FILE, empty)?;
        ctx.insmod([FILE])?.code(1)?;
    }
    Ok(())
}

fn refused(ctx: &mut Ctx, text: Option<&str>) -> Result<()> {
    let calls = ctx.trace_module_calls(|ctx| {
        let output = ctx.insmod([FILE])?.code(1)?;
        ensure!(output.stderr.contains(FILE), "the file is not named: {output}");
        match text {
            Some(text) => output.stderr_has(text),
            None => Ok(output),
        }
    })?;
    ensure!(calls.is_empty(), "the kernel was asked to load: {calls:?}");
    Ok(())
}

fn bomb(ctx: &mut Ctx) -> Result<()> {
    // A gzip member of zeros, repeated: one megabyte that unpacks to more than a gigabyte.
    ctx.sh("busybox dd if=/dev/zero bs=1M count=16 2>/dev/null | busybox gzip > /tmp/member.gz")?;
    fs::write("/tmp/bomb.ko.gz", fs::read("/tmp/member.gz")?.repeat(70))?;
    let before = ctx.meminfo_kib("MemAvailable")?;
    let output = ctx.insmod(["/tmp/bomb.ko.gz"])?.code(1)?;
    ensure!(!output.stderr.contains("panicked"), "{output}");
    ctx.note(output.stderr);
    let after = ctx.meminfo_kib("MemAvailable")?;
    ensure!(after + 65536 > before, "memory went from {before} to {after} KiB");
    fs::remove_file("/tmp/bomb.ko.gz")?;
    Ok(())
}
