// SPDX-License-Identifier: MIT OR Apache-2.0
//! The checks of the module that holds a keeper.

use super::{Judge, imports_used, without_code};
use crate::elf::Place;
use crate::image::{Base, Hold, ImageError};
use crate::module::Module;
use crate::persist::NOTE_SECTION;

pub(in crate::image) fn hold(
    image: &[u8],
    file: &Module<'_>,
    name: &str,
    content: &Hold,
    base: &Base,
) -> Result<(), ImageError> {
    let judge = Judge("hold");
    let module = Module::parse(image)?;
    without_code(&judge, file, &module, name)?;
    imports_used(&judge, &module.object)?;
    let imports: Vec<String> = module
        .object
        .symbols
        .iter()
        .skip(1)
        .filter(|symbol| symbol.place == Place::Undefined)
        .map(|symbol| symbol.name_text())
        .collect();
    judge.that(imports == [base.symbol.as_str()], || format!("it imports {imports:?}"))?;
    let note = module.object.section(NOTE_SECTION).map(|(_, section)| section.data.to_vec());
    let read = Hold::from_note(&note.unwrap_or_default(), module.object.ident.order);
    judge.that(read.as_ref() == Some(content), || "its note differs".into())
}
