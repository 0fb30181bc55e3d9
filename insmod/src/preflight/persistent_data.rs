// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a load would do with persistent data.

use libmodsys::{Errno, Kernel};
use modcli::{Level, Output, Status, os_text};
use modkeep::plan;

use super::detect;
use crate::load_request::LoadRequest;
use crate::report;

/// Whether the data would be kept as `--keep` asks, if the module is not loaded yet. Writes the warnings or
/// errors that the load would write.
///
/// # Errors
/// The error number, if the message is that of a plain load.
pub(super) fn check(
    request: &LoadRequest<'_>,
    kernel: &dyn Kernel,
    output: &mut Output,
) -> Result<Status, Errno> {
    if !detect::concerns_persistent_data(request, kernel) {
        return Ok(Status::Success);
    }
    let file = request.module.argument();
    let module_file = request.module.decompressed().map_err(|error| error.errno())?;
    let warnings = match plan(kernel, request.plan_request(module_file, true)) {
        Ok(plan) => plan.notes().to_vec(),
        Err(error) => return report::load_failure(request, &error.into(), kernel, output),
    };
    for warning in warnings {
        output.always(Level::Warning, format_args!("{}: {warning}", os_text(file)));
    }
    Ok(Status::Success)
}
