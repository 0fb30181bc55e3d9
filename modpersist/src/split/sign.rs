// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signatures, as the kernel's `scripts/sign-file` makes them: a detached PKCS#7 message without attributes
//! and certificates. `openssl` makes it, which that program is built on: keys of every kind, in files or
//! tokens, are what it knows, and no key is ever in this process.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, anyhow, bail};
use libmodfmt::signature;

/// The variable with the passphrase of the key, the same as in a kernel's build.
const PIN: &str = "KBUILD_SIGN_PIN";

/// A key with its certificate.
pub(super) struct Signer<'a> {
    key: &'a OsStr,
    certificate: &'a OsStr,
    hash: &'a str,
}

impl<'a> Signer<'a> {
    pub(super) fn new(key: &'a OsString, certificate: &'a OsString, hash: &'a str) -> Self {
        Self { key, certificate, hash }
    }

    /// The module with its signature.
    pub(super) fn sign(&self, module: &[u8]) -> Result<Vec<u8>> {
        let message = self.message(module)?;
        signature::append(module, &message).ok_or_else(|| anyhow!("the signature is too long"))
    }

    fn message(&self, module: &[u8]) -> Result<Vec<u8>> {
        match self.cms(module, &["-noattr"]) {
            // Before version 4 openssl signs with such keys only what has attributes. Kernels that take them,
            // from 7.0 on, may take these messages, too (CONFIG_PKCS7_WAIVE_AUTHATTRS_REJECTION_FOR_MLDSA).
            Err(_) if self.is_ml_dsa() => self.cms(module, &[]),
            result => result,
        }
    }

    fn is_ml_dsa(&self) -> bool {
        let mut command = Command::new("openssl");
        command.args(["x509", "-noout", "-text", "-in"]).arg(self.certificate).stdin(Stdio::null());
        let text = command.output().map(|output| output.stdout).unwrap_or_default();
        String::from_utf8_lossy(&text).contains("Public Key Algorithm: ML-DSA")
    }

    fn cms(&self, module: &[u8], attributes: &[&str]) -> Result<Vec<u8>> {
        let mut command = Command::new("openssl");
        command
            .args(["cms", "-sign", "-binary", "-nocerts", "-nosmimecap", "-outform", "DER"])
            .args(attributes);
        command.args(["-md", self.hash]).arg("-signer").arg(self.certificate).arg("-inkey").arg(self.key);
        if env::var_os(PIN).is_some() {
            command.args(["-passin", "env:KBUILD_SIGN_PIN"]);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("openssl, which makes the signature")?;
        let mut stdin = child.stdin.take();
        let output = thread::scope(|scope| {
            // It may end before it has read everything; its own message says why.
            let writer = scope.spawn(move || stdin.as_mut().map(|stdin| stdin.write_all(module)));
            let output = child.wait_with_output();
            let _ = writer.join();
            output
        })?;
        if !output.status.success() || output.stdout.is_empty() {
            let said = String::from_utf8_lossy(&output.stderr);
            let said: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            bail!("openssl could not sign it: {}", said.join("; "));
        }
        Ok(output.stdout)
    }
}
