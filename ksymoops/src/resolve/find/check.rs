// SPDX-License-Identifier: MIT OR Apache-2.0
//! Is a file of the build that the report is of?

use super::Warnings;
use crate::resolve::image::{Image, ImageError};
use crate::resolve::symbols::Table;
use crate::resolve::{BuildId, Warning};
use std::path::Path;
use std::rc::Rc;

/// What a file must be.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted<'s> {
    /// The module; `None` for the kernel.
    pub(super) module: Option<&'s str>,
    pub(super) build_id: Option<&'s BuildId>,
    pub(super) release: Option<&'s str>,
}

impl Wanted<'_> {
    /// Opens a file if it is what is wanted. A file that is missing is passed over without a word,
    /// unless it was `named` by the user.
    pub(super) fn open(self, path: &Path, named: bool, warnings: &Warnings) -> Option<Rc<Image>> {
        if !named && !path.exists() {
            return None;
        }
        let checked = Image::open(path).and_then(|image| Ok((self.contradiction(&image)?, image)));
        match checked {
            Ok((None, image)) => Some(Rc::new(image)),
            Ok((Some(warning), _)) => {
                warnings.push(warning);
                None
            }
            Err(error) => {
                warnings.unreadable(path, &error);
                None
            }
        }
    }

    fn contradiction(self, image: &Image) -> Result<Option<Warning>, ImageError> {
        let found = image.build_id()?;
        if let (Some(wanted), Some(found)) = (self.build_id, found) {
            // The same build id settles it, whatever the release says.
            return Ok((*wanted != found).then(|| Warning::BuildId {
                file: image.path().to_owned(),
                what: self.module.unwrap_or("kernel").to_owned(),
                found,
                wanted: wanted.clone(),
            }));
        }
        let Some(wanted) = self.release else { return Ok(None) };
        let found = match self.module {
            Some(_) => image.module_release()?,
            None => {
                let table = Table::from_image(image)?;
                let banner = table.by_name(b"linux_banner").next().map(|symbol| symbol.address);
                banner.map(|banner| image.kernel_release(banner)).transpose()?.flatten()
            }
        };
        Ok(found.filter(|found| found != wanted).map(|found| Warning::Release {
            file: image.path().to_owned(),
            found,
            wanted: wanted.to_owned(),
        }))
    }
}
