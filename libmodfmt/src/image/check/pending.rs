// SPDX-License-Identifier: MIT OR Apache-2.0
//! The checks of the module that marks generations as not in force.

use super::{Judge, imports_used, without_code};
use crate::image::{ImageError, Pending};
use crate::module::Module;
use crate::persist::{NOTE_SECTION, pending_name};

pub(in crate::image) fn pending(
    image: &[u8],
    file: &Module<'_>,
    content: &Pending,
) -> Result<(), ImageError> {
    let judge = Judge("pending");
    let module = Module::parse(image)?;
    without_code(&judge, file, &module, &pending_name(&file.name))?;
    imports_used(&judge, &module.object)?;
    let note = module.object.section(NOTE_SECTION).map(|(_, section)| section.data.to_vec());
    let read = Pending::from_note(&note.unwrap_or_default(), module.object.ident.order);
    judge.that(read.as_ref() == Some(content), || "its note differs".into())
}
