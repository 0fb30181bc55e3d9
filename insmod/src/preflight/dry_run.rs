// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--noload`, `--probe`: every check that is possible without loading.

use libmodsys::{Errno, Kernel, LoadFlags};
use modcli::{Level, Output, Status, os_text};
use modkeep::LoadRestriction;

use super::{parameter_names, persistent_data, symbols, vermagic};
use crate::load_request::LoadRequest;

/// Whether the kernel would most likely load the module, if it is not loaded yet, and its data be kept as
/// `--keep` asks.
///
/// # Errors
/// The error number that the kernel would most likely return, after the reason has been written.
pub(crate) fn check(
    request: &LoadRequest<'_>,
    kernel: &dyn Kernel,
    output: &mut Output,
) -> Result<Status, Errno> {
    check_file(request, kernel, output)?;
    let status = persistent_data::check(request, kernel, output)?;
    if status == Status::Success
        && let Some(name) = request.module.module_name()
    {
        let file = os_text(request.module.argument());
        output.info(format_args!("{file}: module {name} could be loaded"));
    }
    Ok(status)
}

/// The part of this that is not about persistent data.
///
/// # Errors
/// As [`check`].
pub(crate) fn check_file(
    request: &LoadRequest<'_>,
    kernel: &dyn Kernel,
    output: &mut Output,
) -> Result<(), Errno> {
    let file = os_text(request.module.argument());
    let input = request.module;
    input.image().map_err(|error| {
        output.error(&error);
        error.errno()
    })?;
    let is_signed = input.is_signed().map_err(|error| error.errno())?;
    if let Some(restriction) = LoadRestriction::of(kernel, is_signed) {
        output.error(format_args!("{file}: {restriction}"));
        return Err(restriction.errno());
    }
    let module = input.module().map_err(|error| {
        output.error(format_args!("{file}: {error}"));
        error.errno()
    })?;
    if let Some(mismatch) = vermagic::mismatch(module, kernel)
        && !request.flags.contains(LoadFlags::IGNORE_VERMAGIC)
    {
        let (module, kernel) = (mismatch.module, mismatch.kernel);
        output.error(format_args!("{file}: version magic '{module}' should be '{kernel}'"));
        return Err(Errno::ENOEXEC);
    }
    let missing = symbols::unresolved(module, kernel);
    for symbol in &missing {
        output.error(format_args!("{file}: unresolved symbol {symbol}"));
    }
    if !missing.is_empty() {
        return Err(Errno::ENOENT);
    }
    for name in parameter_names::unknown(module, request.params.to_bytes()) {
        // The kernel loads the module nevertheless.
        let text = format_args!("{file}: no parameter {name}; the kernel would ignore it");
        output.always(Level::Warning, text);
    }
    Ok(())
}
