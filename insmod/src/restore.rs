// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--restore`: saved values, made ready for the module's file.

use std::path::Path;

use modcli::os_text;
use modrecord::saved_values::{Prepared, SavedFile, SavedFileError};

use crate::module_input::ModuleInput;

/// Why saved values cannot be restored. Nothing was loaded.
pub(crate) struct RestoreError {
    /// The message.
    pub(crate) text: String,
    /// A line for each value.
    pub(crate) details: Vec<String>,
    /// What the user can do.
    pub(crate) remedy: String,
}

/// Reads the file of saved values.
pub(crate) fn prepare(
    saved: &Path,
    module: &ModuleInput,
    drops: &[String],
) -> Result<Prepared, RestoreError> {
    let error = |text| RestoreError { text, details: Vec::new(), remedy: "nothing was loaded".to_owned() };
    let name = os_text(saved);
    let file = module.decompressed().map_err(|why| error(why.to_string()))?;
    let order = file.module().map_err(|why| error(why.to_string()))?.object.ident.order;
    let read = SavedFile::read(saved).map_err(|why| error(format!("{name}: {why}")))?;
    read.prepare(order, drops).map_err(|why| match why {
        SavedFileError::Refused { refusals } => RestoreError {
            text: format!("values in {name} cannot be restored"),
            details: refusals.iter().map(ToString::to_string).collect(),
            remedy: refusals.iter().fold("nothing was loaded".to_owned(), |lines, refusal| {
                format!("{lines}\n--drop={} starts it from the file's initial value", refusal.drop)
            }),
        },
        why => error(format!("{name}: {why}")),
    })
}
