// SPDX-License-Identifier: MIT OR Apache-2.0
//! `seeds FOLDER [FILE...]`: writes first inputs for every target below FOLDER, also from these files:
//! modules, object files, logs, journals.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

use fuzz_targets::seeds::{MAX_BYTES, Seed, compiled, from_file, versions, written};

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let Some(folder) = arguments.next() else {
        eprintln!("usage: seeds FOLDER [FILE...]");
        return ExitCode::FAILURE;
    };
    let mut seeds = [written(), compiled()].concat();
    let mut files = Vec::new();
    for path in arguments {
        match fs::read(&path) {
            Ok(content) => files.push(content),
            Err(error) => eprintln!("{}: {error}", path.display()),
        }
    }
    seeds.extend(files.iter().flat_map(|content| from_file(content)));
    seeds.extend(versions(&files));
    seeds.retain(|seed| seed.data.len() <= MAX_BYTES);
    seeds.sort();
    seeds.dedup();
    match seeds.iter().try_for_each(|seed| write(Path::new(&folder), seed)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path, seed: &Seed) -> io::Result<()> {
    let folder = folder.join(seed.target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(seed.file_name()), &seed.data)
}
