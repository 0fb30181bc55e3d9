// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernels that were asked about, with what was read of their files.

use std::cell::OnceCell;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use liboops::report::{Kind, Report, Span, Spanned};

use super::error::{ErrorCode, ServeError};
use super::limits::MAX_KERNELS;
use super::request::KernelRequest;
use crate::Warning;
use crate::decode::{DecodeContext, Decoder};

/// What the caller of the service makes of a request's kernel.
#[derive(Debug)]
pub struct Opened {
    /// Decodes what is asked about the kernel.
    pub decoder: Decoder,
    /// What there is to say about its sources.
    pub warnings: Vec<Warning>,
    /// The files that it is made from: if one of them changes, it is made anew.
    pub files: Vec<PathBuf>,
}

/// A kernel that is kept.
#[derive(Debug)]
pub(super) struct KeptKernel {
    request: KernelRequest,
    opened: Opened,
    stamps: Vec<Stamp>,
    /// The modules of the running kernel, if it is that one.
    loaded: Vec<u8>,
    context: OnceCell<(DecodeContext, Report)>,
}

/// What tells that a file was changed: device, inode, size, and times of change in nanoseconds.
type Stamp = Option<(u64, u64, u64, (i64, i64), (i64, i64))>;

impl KeptKernel {
    pub fn decoder(&self) -> &Decoder {
        &self.opened.decoder
    }

    /// What a report is decoded with that says nothing about its kernel, and that report.
    pub fn context(&self) -> (&DecodeContext, &Report) {
        let (context, report) = self.context.get_or_init(|| {
            let title = Spanned { value: String::new(), span: Span::default() };
            let report = Report::new(Kind::Addresses, title);
            (DecodeContext::of(self.decoder(), &report), report)
        });
        (context, report)
    }

    /// Takes the warnings since the last call.
    pub fn take_warnings(&mut self) -> Vec<String> {
        let mut warnings = std::mem::take(&mut self.opened.warnings);
        warnings.extend(self.opened.decoder.take_warnings());
        if let Some((context, _)) = self.context.get() {
            warnings.extend(context.resolver.take_warnings().into_iter().map(Warning::Symbols));
        }
        warnings.iter().map(ToString::to_string).collect()
    }
}

/// What the service gets from its caller.
pub trait Kernels {
    /// Makes the decoder for a request's kernel.
    ///
    /// # Errors
    /// Why it cannot, in words.
    fn open(&self, request: &KernelRequest) -> Result<Opened, String>;

    /// The text of `/proc/modules` now. If it changes, what is kept of the running kernel is made anew.
    fn loaded_modules(&self) -> Vec<u8>;
}

/// The kernels, the one that was asked about last at the end.
#[derive(Debug, Default)]
pub(super) struct KeptKernels(Vec<KeptKernel>);

impl KeptKernels {
    /// The kernel of a request: the one that is kept, if its files are still the same.
    pub fn get(
        &mut self,
        request: &KernelRequest,
        kernels: &dyn Kernels,
    ) -> Result<&mut KeptKernel, ServeError> {
        let loaded = if request.running { kernels.loaded_modules() } else { Vec::new() };
        let known = self.0.iter().position(|kept| kept.request == *request);
        let known = known.map(|at| self.0.remove(at));
        let known = known.filter(|kept| kept.loaded == loaded && kept.stamps == stamps(&kept.opened.files));
        let kept = match known {
            Some(kept) => kept,
            None => {
                let opened = kernels.open(request);
                let opened = opened.map_err(|error| ServeError::new(ErrorCode::BadKernel, error))?;
                let stamps = stamps(&opened.files);
                KeptKernel { request: request.clone(), opened, stamps, loaded, context: OnceCell::new() }
            }
        };
        if self.0.len() >= MAX_KERNELS {
            self.0.remove(0);
        }
        self.0.push(kept);
        self.0.last_mut().ok_or_else(|| ServeError::new(ErrorCode::BadKernel, "no kernel"))
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

fn stamps(files: &[PathBuf]) -> Vec<Stamp> {
    let stamp = |data: Metadata| {
        let (changed, modified) = ((data.ctime(), data.ctime_nsec()), (data.mtime(), data.mtime_nsec()));
        (data.dev(), data.ino(), data.size(), changed, modified)
    };
    files.iter().map(|file| file.metadata().ok().map(stamp)).collect()
}
