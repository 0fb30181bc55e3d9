// SPDX-License-Identifier: MIT OR Apache-2.0
//! What executes the guest.
//!
//! `/dev/kvm` can be there, accept a machine and then never run it (under some other
//! virtualisation). So it is believed only after an empty boot came to its end.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::guest::Vm;
use super::machine::{End, Machine};
use super::qemu::Options;
use super::rundir;
use crate::args::Accel;
use crate::ui;

/// An empty boot takes a second or two with KVM.
const PROBE_LIMIT: Duration = Duration::from_secs(20);

/// Decides.
pub fn choose(wish: Accel, vm: &Vm) -> Result<&'static str> {
    match wish {
        Accel::Tcg => Ok("tcg"),
        Accel::Kvm => Ok("kvm"),
        Accel::Auto if !Path::new("/dev/kvm").exists() => Ok("tcg"),
        Accel::Auto => {
            let works = ui::step("trying KVM", || probe(vm))?;
            Ok(if works { "kvm" } else { "tcg" })
        }
    }
}

fn probe(vm: &Vm) -> Result<bool> {
    let vm = Vm {
        release: vm.release.clone(),
        name: vm.name.clone(),
        kind: vm.kind,
        image: vm.image.clone(),
        initramfs: vm.initramfs.clone(),
        fixtures: vm.fixtures.clone(),
        accel: "kvm",
        run: vm.run.clone(),
    };
    let options = Options { cmdline: String::new(), memory_mib: 512, cpus: 1 };
    let machine = Machine::start(&vm, &options, &rundir::boot(&vm.run)?)?;
    Ok(machine.first_within(PROBE_LIMIT).run(|_| Ok(PROBE_LIMIT))? == End::Done)
}
