// SPDX-License-Identifier: MIT OR Apache-2.0
//! A kernel's BTF, from the file that its headers have for that, or out of its image.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use object::{Object, ObjectSection};

use crate::kernel::Kernel;
use crate::process;

/// The section.
const SECTION: &str = ".BTF";

/// The kernel's BTF.
pub fn of(kernel: &Kernel) -> Result<Vec<u8>> {
    // Debian's headers have had it since 6.12, a tree that was built has it, too.
    let vmlinux = kernel.build.join("vmlinux");
    match fs::read(&vmlinux) {
        Ok(bytes) => section(&bytes).with_context(|| vmlinux.display().to_string()),
        Err(_) if kernel.processor.is_some() => {
            raw(&kernel.image).with_context(|| kernel.image.display().to_string())
        }
        Err(_) => section(&unpacked(&kernel.image)?).with_context(|| kernel.image.display().to_string()),
    }
}

fn section(vmlinux: &[u8]) -> Result<Vec<u8>> {
    let file = object::File::parse(vmlinux)?;
    let section = file.section_by_name(SECTION).with_context(|| format!("it has no {SECTION}"))?;
    Ok(section.data()?.to_owned())
}

/// What BTF of version 1 begins with: magic, version, flags, and the header's size; little- and big-endian.
const STARTS: [[u8; 8]; 2] = [[0x9f, 0xeb, 1, 0, 24, 0, 0, 0], [0xeb, 0x9f, 1, 0, 0, 0, 0, 24]];

/// The BTF in an image that is the kernel's memory, such as arm64's, plain or compressed by gzip. No table
/// says where it is. Its header has the places and sizes of types and strings, which follow each other.
fn raw(image: &Path) -> Result<Vec<u8>> {
    let mut bytes = fs::read(image)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let unpacked = process::raw(Command::new("gzip").args(["--decompress", "--stdout"]).arg(image))?;
        bytes = unpacked.stdout;
    }
    let is_start =
        |at: &usize| bytes.get(*at..).is_some_and(|rest| STARTS.iter().any(|start| rest.starts_with(start)));
    for start in (0..bytes.len()).step_by(4).filter(is_start) {
        let is_big = bytes.get(start) == Some(&STARTS[1][0]);
        let word = |place: usize| {
            let field = bytes.get(start.checked_add(place)?..)?.first_chunk::<4>()?;
            usize::try_from(if is_big { u32::from_be_bytes(*field) } else { u32::from_le_bytes(*field) }).ok()
        };
        let [types, types_size, strings, strings_size] =
            [8, 12, 16, 20].map(|place| word(place).unwrap_or(usize::MAX));
        if types == 0 && strings == types_size && types_size > 1 << 20 {
            let end = start.saturating_add(24).saturating_add(strings).saturating_add(strings_size);
            return Ok(bytes.get(start..end).context("its BTF is cut")?.to_owned());
        }
    }
    bail!("no BTF was found in it")
}

/// The kernel in a bzImage. Where it is: `Documentation/arch/x86/boot.rst`.
fn unpacked(image: &Path) -> Result<Vec<u8>> {
    let bytes = fs::read(image).with_context(|| format!("cannot read {}", image.display()))?;
    let number = |place: usize| -> Result<usize> {
        let field = bytes.get(place..).and_then(|rest| rest.first_chunk::<4>());
        Ok(u32::from_le_bytes(*field.context("it is too short")?).try_into()?)
    };
    let sectors = match bytes.get(0x1f1).context("it is too short")? {
        0 => 4,
        count => usize::from(*count),
    };
    let start = ((sectors + 1) * 512).checked_add(number(0x248)?).context("its payload is out of bounds")?;
    let payload = bytes.get(start..).and_then(|rest| rest.get(..number(0x24c).ok()?));
    let payload = payload.context("its payload is out of bounds")?;
    let mut unpack = match payload.get(..4) {
        // Behind the stream is its unpacked size.
        Some(b"\xfd7zX") => {
            let mut xz = Command::new("xz");
            xz.args(["--decompress", "--stdout", "--single-stream"]);
            xz
        }
        Some(b"\x28\xb5\x2f\xfd") => {
            let mut zstd = Command::new("zstd");
            zstd.args(["--decompress", "--stdout", "--quiet"]);
            zstd
        }
        Some(b"\x7fELF") => return Ok(payload.to_owned()),
        _ => bail!("{}: its compression is neither xz nor zstd", image.display()),
    };
    let mut child = unpack.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut input = child.stdin.take().context("it has no standard input")?;
    let payload = payload.to_owned();
    // It stops reading before what is behind the stream.
    let writer = thread::spawn(move || drop(input.write_all(&payload)));
    let output = child.wait_with_output()?.stdout;
    ensure!(writer.join().is_ok() && output.starts_with(b"\x7fELF"), "{} was not unpacked", image.display());
    Ok(output)
}
