// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mutants COUNT [FIRST] MODULE...`: compares images of mutants of modules with the mutants, until COUNT
//! were compared or refused. A mutant that fails is written to the current folder.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, fs};

use fuzz_targets::mutants;
use libmodfmt::file::ModuleFile;

/// Bytes of a decompressed module. Larger ones take long and show nothing else.
const LIMIT: u64 = 1 << 20;

/// The number of the mutant that is being tried.
static CURRENT: AtomicU64 = AtomicU64::new(0);

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1).peekable();
    let Some(count) = arguments.next().and_then(|text| text.parse().ok()) else {
        eprintln!("usage: mutants COUNT [FIRST] MODULE...");
        return ExitCode::FAILURE;
    };
    let first = arguments.peek().and_then(|text| text.parse().ok());
    if first.is_some() {
        arguments.next();
    }
    let mut modules = mutants::made_up();
    for path in arguments {
        match fs::read(&path) {
            Ok(content) => modules.extend(module(content)),
            Err(error) => eprintln!("{path}: {error}"),
        }
    }
    let show = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        eprintln!("mutant {}:", CURRENT.load(Ordering::Relaxed));
        show(info);
    }));
    let mut failures = 0_u64;
    let started = |number| CURRENT.store(number, Ordering::Relaxed);
    let tally = mutants::run(&modules, first.unwrap_or(0).., count, started, |number, mutant, why| {
        failures += 1;
        let name = format!("mutant-{number}.ko");
        eprintln!("{name}: {why}");
        if let Err(error) = fs::write(&name, mutant) {
            eprintln!("{name}: {error}");
        }
    });
    println!("{} modules, {tally}; {failures} failed", modules.len());
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The decompressed module without its signature, if it has persistent data.
fn module(content: Vec<u8>) -> Option<Vec<u8>> {
    let file = ModuleFile::new(content, LIMIT);
    let has_data = matches!(file.persistent(), Ok(Some(_)));
    file.unsigned_image().ok().filter(|_| has_data).map(<[u8]>::to_vec)
}
