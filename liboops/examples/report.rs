// SPDX-License-Identifier: MIT OR Apache-2.0
//! Prints what happened in a kernel log, where, and how the kernel got there.
//!
//! ```text
//! $ dmesg | cargo run -p liboops --example report
//! page fault: BUG: kernel NULL pointer dereference, address: 0000000000000010
//!   at meter_write+0x1b [meter]
//!   from meter_store+0x12 [meter]
//! ```

use std::io::{self, Read, Write};

use liboops::Event;
use liboops::report::{Place, Report};

fn main() -> io::Result<()> {
    print(io::stdin().lock(), &mut io::stdout().lock())
}

/// Prints the reports of a log.
pub fn print(log: impl Read, out: &mut impl Write) -> io::Result<()> {
    // Parts of a log in pstore come in order.
    liboops::stream(liboops::pstore::reader(log)?, |event| match event {
        Event::Text(_) => Ok(()),
        Event::Block(block) => block.reports.iter().try_for_each(|report| print_report(report, out)),
    })
}

fn print_report(report: &Report, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}: {}", report.kind.name(), report.title.value)?;
    if let Some(pc) = report.fault().and_then(|state| state.pc.as_ref()) {
        writeln!(out, "  at {}", name(pc))?;
    }
    // The kernel does not vouch for the others.
    for frame in report.frames.iter().filter(|frame| !frame.place.unreliable) {
        writeln!(out, "  from {}", name(&frame.place))?;
    }
    Ok(())
}

/// `function+0xoffset [module]`, or an address without a symbol.
fn name(place: &Place) -> String {
    let module = place.module.as_ref().map(|module| format!(" [{module}]")).unwrap_or_default();
    match (place.function(), place.address) {
        (Some(function), _) => format!("{function}+{:#x}{module}", place.offset),
        (None, Some(address)) => format!("{:#x}", address.0),
        (None, None) => "an unknown address".to_owned(),
    }
}
