// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--serve`: requests from standard input, answers to standard output.

use std::io::{self, BufReader, Write};
use std::process::ExitCode;

use libmodsys::Kernel;
use modcli::{Level, Output, without_os_error};

use super::args::Args;
use super::setup;
use super::sources::expanded;
use crate::Warning;
use crate::serve::{KernelRequest, Kernels, MAX_REQUEST_BYTES, Opened, RequestLines, Service};

/// Answers requests until there are no more.
pub(super) fn run(args: &Args, kernel: &dyn Kernel, output: &mut Output, warnings: &[Warning]) -> ExitCode {
    for warning in warnings {
        output.always(Level::Warning, without_os_error(&warning.to_string()));
    }
    match answer_all(args, kernel) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            output.error(without_os_error(&error.to_string()));
            ExitCode::from(2)
        }
    }
}

fn answer_all(args: &Args, kernel: &dyn Kernel) -> io::Result<()> {
    let mut service = Service::new(ByOptions { args, kernel });
    let mut lines = RequestLines::new(BufReader::new(io::stdin().lock()), MAX_REQUEST_BYTES);
    let mut out = io::stdout().lock();
    while let Some(line) = lines.next_line()? {
        let mut answer = service.answer(&line);
        answer.push('\n');
        out.write_all(answer.as_bytes())?;
        out.flush()?;
    }
    Ok(())
}

/// Kernels by the options, and by what a request says in their place.
struct ByOptions<'a> {
    args: &'a Args,
    kernel: &'a dyn Kernel,
}

impl Kernels for ByOptions<'_> {
    fn open(&self, request: &KernelRequest) -> Result<Opened, String> {
        let args = with_request(self.args.clone(), request);
        let mut warnings = Vec::new();
        let decoder = setup::decoder(&args, self.kernel, &mut warnings);
        let decoder = decoder.map_err(|error| format!("{error:#}"))?;
        let all = [&args.vmlinux, &args.system_map, &args.ksyms, &args.lsmod, &args.object, &args.persist];
        let files = all.into_iter().flatten().map(|path| expanded(path, self.kernel)).collect();
        Ok(Opened { decoder, warnings, files })
    }

    fn loaded_modules(&self) -> Vec<u8> {
        self.kernel.modules_text().unwrap_or_default()
    }
}

/// The options with those of a request in their place.
fn with_request(mut args: Args, request: &KernelRequest) -> Args {
    for (paths, no, path) in [
        (&mut args.vmlinux, &mut args.no_vmlinux, &request.vmlinux),
        (&mut args.system_map, &mut args.no_system_map, &request.system_map),
        (&mut args.ksyms, &mut args.no_ksyms, &request.kallsyms),
        (&mut args.lsmod, &mut args.no_lsmod, &request.lsmod),
    ] {
        if let Some(path) = path {
            (*paths, *no) = (vec![path.clone()], false);
        }
    }
    if let Some(modules) = &request.modules {
        (args.object, args.no_object) = (modules.clone(), false);
    }
    for (to, from) in [(&mut args.debug_dir, &request.debug_dirs), (&mut args.persist, &request.persist)] {
        if let Some(paths) = from {
            to.clone_from(paths);
        }
    }
    for (to, from) in [
        (&mut args.release, &request.release),
        (&mut args.kaslr_offset, &request.kaslr_offset),
        (&mut args.boot, &request.boot),
    ] {
        if from.is_some() {
            to.clone_from(from);
        }
    }
    if let Some(root) = &request.root {
        args.root.clone_from(root);
    }
    args.no_discovery = request.discovery.map_or(args.no_discovery, |discovery| !discovery);
    args.dmesg = request.running;
    args
}
