// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cross compiler and QEMU: this machine's, or those of another release in a small system of it.

use std::process::Command;

use anyhow::Result;

use super::table::Processor;
use crate::cache;
use crate::kernel::build_root::BuildRoot;
use crate::setup::packages::install_named;
use crate::setup::release::Release;
use crate::ui;

/// Where compiler and QEMU are.
pub struct Tools(Option<BuildRoot>);

impl Tools {
    /// Installs what is missing, or unpacks it into the cache.
    pub fn fetch(processor: &Processor) -> Result<Self> {
        let Some((release, firmware)) = processor.tools else {
            let compiler = format!("{}gcc", processor.prefix);
            install_named(&[
                (processor.qemu, processor.qemu_package, "runs the test kernel"),
                (&compiler, processor.compiler, "compiles the test modules"),
            ])?;
            return Ok(Self(None));
        };
        let entry = cache::entry(&format!("processors/{}_tools_{release}", processor.debian), |directory| {
            let release = Release::named(release)?;
            let names = [processor.compiler, processor.qemu_package, firmware].map(str::to_owned);
            ui::step("downloading a small Debian with QEMU and the cross compiler", || {
                BuildRoot::unpack(&release, &names, directory)
            })
        })?;
        Ok(Self(Some(BuildRoot::enter(&entry)?)))
    }

    /// One of their programs.
    pub fn command(&self, program: &str) -> Command {
        self.0.as_ref().map_or_else(|| Command::new(program), |root| root.command(program))
    }
}
