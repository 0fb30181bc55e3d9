// SPDX-License-Identifier: MIT OR Apache-2.0
//! The files behind a resolver, for those who ask them something else.

use super::Resolver;
use std::path::PathBuf;

/// Largest `.BTF` of a kernel: it has 5 MB.
const LIMIT: u64 = 64 << 20;

impl Resolver {
    /// The types (BTF) in the kernel's file.
    #[must_use]
    pub fn kernel_types(&self) -> Option<Vec<u8>> {
        let kernel = self.kernel()?;
        let types = |image: &super::image::Image| {
            let bytes = image.read_raw(image.find(".BTF")?, 0, LIMIT).ok()?;
            (!bytes.is_empty()).then_some(bytes)
        };
        types(&kernel.image).or_else(|| types(kernel.line_image()?))
    }

    /// The files of a module that are of the right build: that of its lines, and that of its symbols.
    #[must_use]
    pub fn module_files(&self, module: &str) -> Vec<PathBuf> {
        let Some(binary) = self.module(&module.replace('-', "_")) else { return Vec::new() };
        let mut files: Vec<_> =
            binary.line_image().map(|image| image.path().to_owned()).into_iter().collect();
        if !files.iter().any(|file| file == binary.path()) {
            files.push(binary.path().to_owned());
        }
        files
    }
}
