// SPDX-License-Identifier: MIT OR Apache-2.0
//! Chooses QEMU's accelerator.
//!
//! `/dev/kvm` may exist and accept a machine, but never run it (inside another hypervisor). So KVM is used
//! only after an empty boot has finished.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::machine::{End, Machine};
use super::prepared::Vm;
use super::qemu::Options;
use super::rundir;
use crate::args::Accel;
use crate::ui;

/// With KVM, an empty boot takes a second or two.
const PROBE_LIMIT: Duration = Duration::from_secs(20);

/// Chooses the accelerator, and probes KVM if `requested` is `Auto`.
pub fn choose(requested: Accel, vm: &Vm) -> Result<&'static str> {
    match requested {
        Accel::Tcg => Ok("tcg"),
        // Only this machine's own processor can be virtualised.
        _ if vm.processor.is_some() => Ok("tcg"),
        Accel::Kvm => Ok("kvm"),
        Accel::Auto if !Path::new("/dev/kvm").exists() => Ok("tcg"),
        Accel::Auto => {
            let works = ui::step("testing whether KVM works", || probe(vm))?;
            Ok(if works { "kvm" } else { "tcg" })
        }
    }
}

fn probe(vm: &Vm) -> Result<bool> {
    let vm = Vm { accel: "kvm", ..vm.clone() };
    let machine = Machine::start(&vm, &Options::small(""), &rundir::boot(&vm.run)?)?;
    Ok(machine.first_within(PROBE_LIMIT).run(|_| Ok(PROBE_LIMIT))? == End::Done)
}
