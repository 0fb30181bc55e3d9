// SPDX-License-Identifier: MIT OR Apache-2.0
//! Prints every oops of a kernel log as one line of JSON: `decode-oops FILE`.

use std::fs::File;
use std::io::{self, Write};

use liboops::Event;

fn main() -> io::Result<()> {
    let path = std::env::args_os().nth(1).ok_or_else(|| io::Error::other("usage: decode-oops FILE"))?;
    let mut out = io::stdout().lock();
    liboops::stream(File::open(path)?, |event| {
        if let Event::Block(block) = event {
            for report in &block.reports {
                serde_json::to_writer(&mut out, report)?;
                writeln!(out)?;
            }
        }
        Ok(())
    })
}
