// SPDX-License-Identifier: MIT OR Apache-2.0
//! Creates the files that the command lines name: good, damaged and odd ones.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::ctx::{Command, Ctx, tools};

/// The directory of the files, in which the commands are run.
pub const DIRECTORY: &str = "/tmp/parity";

/// Built-in modules in the index: one that has a directory in /sys/module, and one that has none.
const BUILTIN: &str = "kernel/drivers/tty/serial/8250/8250.ko\nkernel/lib/libcrc32c.ko\n";

fn place(name: &str) -> PathBuf {
    Path::new(DIRECTORY).join(name)
}

fn put(name: &str, content: &[u8]) -> Result<()> {
    fs::write(place(name), content).with_context(|| format!("cannot write {name}"))
}

/// Creates all files.
pub fn files(ctx: &mut Ctx) -> Result<()> {
    // Start with an empty directory: an earlier group may have created it.
    let _ = fs::remove_dir_all(DIRECTORY);
    fs::create_dir_all(DIRECTORY)?;
    let good = fs::read(ctx.fixture("smoke")?)?;
    copies(&good)?;
    damaged(&good)?;
    let signed = fs::read(ctx.fixture("smoke-signed")?)?;
    // The marker at the end stays; the signature before it is damaged.
    put("signed-cut.ko", &patched(&signed, signed.len().saturating_sub(100), &[0xff; 8])?)?;
    compressed(ctx, &good)?;
    odd(ctx, &good)?;
    // Messages that the kernel logs only once must not look like a difference.
    ctx.sh(&format!(
        "cd {DIRECTORY}; for f in smoke vermagic crc; do /peer/insmod -f $f.ko; /peer/rmmod smoke; done; true"
    ))?;
    ctx.sh("/peer/insmod /modules/smoke-signed.ko; /peer/rmmod smoke; true")?;
    Ok(())
}

fn copies(good: &[u8]) -> Result<()> {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    for name in [
        "smoke.ko",
        "noext",
        "SMOKE.KO",
        "other-name.ko",
        "many.dots.x.ko",
        "a b.ko",
        "a\nb.ko",
        "plain.ko.gz",
        "plain.ko.xz",
    ] {
        put(name, good)?;
    }
    fs::write(Path::new(DIRECTORY).join(OsStr::from_bytes(b"\xff.ko")), good)?;
    Ok(())
}

/// The offset of the first occurrence of `pattern`.
fn find(bytes: &[u8], pattern: &[u8]) -> Result<usize> {
    let at = bytes.windows(pattern.len()).position(|window| window == pattern);
    at.with_context(|| format!("no {:?} in the module", String::from_utf8_lossy(pattern)))
}

/// The module with the bytes at an offset replaced.
fn patched(bytes: &[u8], at: usize, new: &[u8]) -> Result<Vec<u8>> {
    let mut changed = bytes.to_vec();
    changed.get_mut(at..at + new.len()).context("offset beyond the end of the module")?.copy_from_slice(new);
    Ok(changed)
}

/// The offset of the first CRC in `__versions`: a long (eight bytes) before the first name.
fn first_crc(bytes: &[u8]) -> Result<usize> {
    // Every module imports this symbol; in an entry, the name follows the CRC.
    let name = find(bytes, b"module_layout\0\0\0")?;
    name.checked_sub(8).context("no room for a CRC")
}

fn damaged(good: &[u8]) -> Result<()> {
    let vermagic = find(good, b"vermagic=")? + b"vermagic=".len();
    let wrong_magic = patched(good, vermagic, b"9")?;
    let crc = first_crc(good)?;
    put("vermagic.ko", &wrong_magic)?;
    put("crc.ko", &patched(good, crc, &[1, 2, 3, 4])?)?;
    put("both.ko", &patched(&wrong_magic, crc, &[1, 2, 3, 4])?)?;
    put("novermagic.ko", &patched(good, vermagic - 9, b"vermagik=")?)?;
    put("arm64.ko", &patched(good, 18, &[0xb7, 0])?)?;
    put("elf32.ko", &patched(good, 4, &[1])?)?;
    put("big.ko", &patched(good, 5, &[2])?)?;
    put("program.ko", &patched(good, 16, &[2, 0])?)?;
    let first = |count: usize| good.get(..count).context("the module is too short");
    put("magic.ko", first(4)?.repeat(2).as_slice())?;
    put("header.ko", first(64)?)?;
    put("half.ko", first(good.len() / 2)?)?;
    put("tail.ko", first(good.len() - 10)?)?;
    put("text.ko", b"This is no module at all, only text.\n")?;
    put("empty.ko", b"")?;
    put("five.ko", b"12345")?;
    put("six.ko", b"123456")
}

fn compressed(ctx: &mut Ctx, good: &[u8]) -> Result<()> {
    let gzip = fs::read(ctx.fixture("smoke-gz")?)?;
    let xz = fs::read(ctx.fixture("smoke-xz")?)?;
    let zstd = fs::read(ctx.fixture("smoke-zst")?)?;
    ensure!(gzip.starts_with(&[0x1f, 0x8b]) && xz.starts_with(&[0xfd, b'7']), "fixtures are not compressed");
    put("gzipped.ko", &gzip)?;
    put("tail.ko.gz", &[&gzip[..], b"rest"].concat())?;
    put("streams.ko.xz", &xz)?;
    for (name, whole) in [("gz", &gzip), ("xz", &xz), ("zst", &zstd)] {
        let half = whole.len() / 2;
        put(&format!("cut.ko.{name}"), whole.get(..half).unwrap_or_default())?;
        put(&format!("broken.ko.{name}"), &patched(whole, half, &[0xff, 0x00, 0xff, 0x00, 0xaa, 0x55])?)?;
        put(&format!("magic.ko.{name}"), &[whole.get(..6).unwrap_or_default(), b"0123456789"].concat())?;
    }
    for name in ["vermagic", "novermagic", "text", "crc", "both"] {
        put(&format!("{name}.ko.zst"), &stored(&fs::read(place(&format!("{name}.ko")))?, true)?)?;
    }
    put("twice.ko.zst", &stored(&zstd, true)?)?;
    put("gzip.ko.zst", &stored(&gzip, true)?)?;
    put("zstd-as.ko", &stored(good, true)?)?;
    put("nosize.ko.zst", &stored(good, false)?)?;
    put("nothing.ko.zst", &stored(b"", true)?)?;
    put("tail.ko.zst", &[&zstd[..], b"rest"].concat())?;
    put("twice.ko.xz", &[&xz[..], &xz[..]].concat())?;
    put("tail.ko.xz", &[&xz[..], b"rest"].concat())?;
    let pack = |name: &str| format!("busybox gzip -c {name}.ko > {name}.ko.gz");
    let packed = ["vermagic", "novermagic", "text"].map(pack).join(" && ");
    ctx.sh(&format!("cd {DIRECTORY} && {packed} && busybox gzip -c < gzipped.ko > twice.ko.gz && busybox gzip -c < /dev/null > nothing.ko.gz"))?;
    ensure!(!good.is_empty(), "the fixture is empty");
    Ok(())
}

/// The gzip files, each with the zstd file that kmod gets instead.
const TWINS: &[(&str, &str)] = &[
    ("/modules/smoke-gz.ko.gz", "zstd-as.ko"),
    ("gzipped.ko", "zstd-as.ko"),
    // zlib ignores trailing data.
    ("tail.ko.gz", "zstd-as.ko"),
    ("twice.ko.gz", "gzip.ko.zst"),
    ("cut.ko.gz", "cut.ko.zst"),
    ("broken.ko.gz", "broken.ko.zst"),
    ("text.ko.gz", "text.ko.zst"),
    ("vermagic.ko.gz", "vermagic.ko.zst"),
    ("novermagic.ko.gz", "novermagic.ko.zst"),
];

/// Swaps every gzip file with its zstd twin. A second call swaps them back.
pub fn swap() -> Result<()> {
    for (name, twin) in TWINS {
        let (path, kept) = (place(name), place(&format!("{}.gzip", name.replace('/', "_"))));
        if kept.exists() {
            // Copied, not renamed: they may be on different file systems.
            fs::copy(&kept, &path)?;
            fs::remove_file(&kept)?;
        } else {
            fs::copy(&path, &kept).with_context(|| format!("cannot copy {name}"))?;
            fs::copy(place(twin), &path).with_context(|| format!("cannot write {name}"))?;
        }
    }
    Ok(())
}

/// A zstd frame of uncompressed blocks, so that every byte of a damaged module survives.
fn stored(content: &[u8], with_size: bool) -> Result<Vec<u8>> {
    const BLOCK: usize = 0x1_0000;
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd];
    if with_size {
        // A four-byte content size, single segment.
        frame.push(0xa0);
        frame.extend(u32::try_from(content.len())?.to_le_bytes());
    } else {
        // No content size, a window of 1 MiB.
        frame.extend([0x00, 0x50]);
    }
    let mut blocks = content.chunks(BLOCK).peekable();
    if content.is_empty() {
        frame.extend([1, 0, 0]);
    }
    while let Some(block) = blocks.next() {
        let header = (u32::try_from(block.len())? << 3) | u32::from(blocks.peek().is_none());
        frame.extend(header.to_le_bytes().into_iter().take(3));
        frame.extend(block);
    }
    Ok(frame)
}

fn odd(ctx: &mut Ctx, good: &[u8]) -> Result<()> {
    symlink("smoke.ko", place("link.ko"))?;
    symlink("nowhere.ko", place("dangling.ko"))?;
    symlink("loop.ko", place("loop.ko"))?;
    for directory in ["directory.ko", "closed"] {
        fs::create_dir(place(directory))?;
    }
    put("closed/smoke.ko", good)?;
    put("unreadable.ko", good)?;
    fs::set_permissions(place("closed"), fs::Permissions::from_mode(0o700))?;
    fs::set_permissions(place("unreadable.ko"), fs::Permissions::from_mode(0o600))?;
    // The socket file stays when the listener is closed, which is all that is needed.
    drop(UnixListener::bind(place("socket.ko"))?);
    ctx.sh(&format!("cd {DIRECTORY} && busybox mkfifo fifo.ko && busybox mknod absent-device c 240 77"))?;
    Ok(())
}

/// Creates or removes the index of built-in modules.
pub fn index(ctx: &Ctx, wanted: Option<bool>) -> Result<()> {
    let Some(wanted) = wanted else { return Ok(()) };
    let directory = format!("/lib/modules/{}", ctx.read("/proc/sys/kernel/osrelease")?);
    let index = format!("{directory}/modules.builtin.bin");
    if !wanted {
        // Usually it does not exist.
        let _ = fs::remove_file(index);
    } else if !Path::new(&index).exists() {
        fs::write(format!("{directory}/modules.builtin"), BUILTIN)?;
        Command::new(tools::PEER_DEPMOD).arg("--all").run()?.success()?;
        ensure!(Path::new(&index).exists(), "depmod did not write {index}");
    }
    Ok(())
}
