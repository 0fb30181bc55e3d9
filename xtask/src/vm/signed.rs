// SPDX-License-Identifier: MIT OR Apache-2.0
//! A fixture that is split and signed on the host, for a kernel that we have built: its key is not in the
//! guest, and neither is openssl.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use vmguest::KernelKind;

use crate::kernel::Kernel;
use crate::process;

/// The fixture.
const FIXTURE: &str = "convert.ko";

/// The files that `modpersist split` writes into `out`, signed with the kernel's own key, each with its path in
/// the guest, below the root; none for a kernel that no scenario loads them in.
pub fn split(
    kernel: &Kernel,
    programs: &[(&str, PathBuf)],
    modules: &Path,
    out: &Path,
) -> Result<Vec<(String, PathBuf)>> {
    let key = kernel.build.join("certs/signing_key.pem");
    let file = modules.join(FIXTURE);
    if kernel.kind != KernelKind::Plain || !file.is_file() {
        return Ok(Vec::new());
    }
    let (_, modpersist) =
        programs.iter().find(|(name, _)| *name == "modpersist").context("modpersist was not built")?;
    let mut split = Command::new(modpersist);
    split.arg("split").arg("--headers").arg(&kernel.build).arg("-o").arg(out);
    split.arg("--sign-with").arg(&key).arg(key.with_file_name("signing_key.x509")).arg(file);
    process::quiet(&mut split)?;
    let entries = fs::read_dir(out).with_context(|| format!("cannot read {}", out.display()))?;
    let in_guest = |path: PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        (format!("signed/{name}"), path.clone())
    };
    let mut files = entries.map(|entry| Ok(in_guest(entry?.path()))).collect::<Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}
