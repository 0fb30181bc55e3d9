// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--noload`, `--probe`: everything that can be known without loading.

use libmodfmt::module::Module;
use libmodfmt::signature;
use libmodsys::{Errno, Kernel, LoadFlags};
use modcli::{Level, Output, Status, os_text};

use crate::{Job, facts, keep};

/// Whether the kernel would most likely load the module, were it not loaded already, and its data be kept as is wanted.
///
/// # Errors
/// The number that the kernel would most likely give, after the reason was said.
pub(crate) fn check(job: &Job<'_>, kernel: &dyn Kernel, output: &mut Output) -> Result<Status, Errno> {
    let file = os_text(job.module.argument());
    let image = job.module.image().map_err(|error| {
        output.error(&error);
        error.errno()
    })?;
    if matches!(kernel.modules_disabled(), Ok(Some(true))) {
        output.error(format_args!("{file}: loading was switched off until reboot (kernel.modules_disabled)"));
        return Err(Errno::EPERM);
    }
    let (bytes, signature) = signature::split(image).map_err(|_| Errno::EBADMSG)?;
    if signature.is_none() && matches!(kernel.sig_enforce(), Ok(Some(true))) {
        output.error(format_args!("{file}: only signed modules are loaded (module.sig_enforce)"));
        return Err(Errno::EKEYREJECTED);
    }
    let module = Module::parse(bytes).map_err(|error| {
        output.error(format_args!("{file}: {error}"));
        Errno::ENOEXEC
    })?;
    if let Some((own, wanted)) = facts::wrong_vermagic(&module, kernel)
        && !job.flags.contains(LoadFlags::IGNORE_VERMAGIC)
    {
        output.error(format_args!("{file}: version magic '{own}' should be '{wanted}'"));
        return Err(Errno::ENOEXEC);
    }
    let missing = facts::unresolved(&module, kernel);
    for symbol in &missing {
        output.error(format_args!("{file}: unresolved symbol {symbol}"));
    }
    if !missing.is_empty() {
        return Err(Errno::ENOENT);
    }
    for name in facts::unknown_parameters(&module, job.params.to_bytes()) {
        // The kernel loads the module all the same.
        output.always(Level::Warning, format_args!("{file}: no parameter {name}: it would be ignored"));
    }
    let status = keep::foresee(job, kernel, output)?;
    if status == Status::Success {
        output.info(format_args!("{file}: module {} could be loaded", module.name));
    }
    Ok(status)
}
