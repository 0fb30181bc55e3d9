// SPDX-License-Identifier: MIT OR Apache-2.0
//! Public kernel logs with known contents: those that the report parsers of syzkaller and abrt are tested
//! with.
//!
//! They are not part of this repository. [`Corpus::find`] takes them from `$CORPUS`, or from `shared/corpus`
//! in a folder above the checkout; tests that get `None` pass, and say that they did nothing.

use std::fs;
use std::path::{Path, PathBuf};

/// A folder with the logs.
#[derive(Debug)]
pub struct Corpus {
    folder: PathBuf,
}

impl Corpus {
    /// Finds the logs on this machine; prints a note if there are none.
    pub fn find() -> Option<Self> {
        let named = std::env::var_os("CORPUS").map(PathBuf::from);
        let above = || {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            root.ancestors().map(|folder| folder.join("shared/corpus")).find(|folder| folder.is_dir())
        };
        let found = named.or_else(above).filter(|folder| folder.is_dir());
        if found.is_none() {
            eprintln!("\nSKIPPED: no corpus of logs here; $CORPUS names its folder");
        }
        Some(Self { folder: found? })
    }

    /// The logs of syzkaller, by name.
    pub fn syzkaller(&self) -> Vec<Sample> {
        files(&self.folder.join("syzkaller/report")).iter().map(|path| Sample::read(path)).collect()
    }

    /// The logs of abrt, by name.
    pub fn abrt(&self) -> Vec<AbrtLog> {
        let all = files(&self.folder.join("abrt"));
        all.iter().filter_map(|path| AbrtLog::read(path)).collect()
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// A log of syzkaller, with what its parser is expected to find.
#[derive(Debug)]
pub struct Sample {
    /// Name of the file.
    pub name: String,
    /// The title of the report; `None` if there is none in the log.
    pub title: Option<String>,
    /// The log's lines are interleaved or incomplete.
    pub corrupted: bool,
    /// The log.
    pub log: Vec<u8>,
    frame: Option<String>,
    alternative_title: Option<String>,
}

impl Sample {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let end = bytes.windows(2).position(|pair| pair == b"\n\n").map_or(0, |at| at + 1);
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let value = |key: &str| head.lines().find_map(|line| line.strip_prefix(key)).map(str::to_owned);
        Self {
            name: name(path),
            title: value("TITLE: "),
            frame: value("FRAME: "),
            // If the title names a family of functions, this one has the function's own name.
            alternative_title: value("ALT: "),
            corrupted: value("CORRUPTED: ").is_some(),
            log: bytes[end..].to_vec(),
        }
    }

    /// Whether the log has registers of x86-64.
    pub fn is_x86_64(&self) -> bool {
        let has = |word: &[u8]| self.log.windows(word.len()).any(|window| window == word);
        has(b"RSP: ") || has(b"RAX: ")
    }

    /// The function that the frame or the title names, if any; the title may have two names for it.
    pub fn functions(&self) -> Vec<String> {
        let of = |title: &String| {
            let (_, rest) = title.rsplit_once(" in ")?;
            Some(rest.split(['/', ' ']).next()?.to_owned())
        };
        let names = match &self.frame {
            Some(frame) => vec![frame.clone()],
            None => [&self.title, &self.alternative_title].into_iter().flatten().filter_map(of).collect(),
        };
        names.into_iter().filter(|name| name != "corrupted").collect()
    }
}

/// A log of abrt.
#[derive(Debug)]
pub struct AbrtLog {
    /// Name of the file.
    pub name: String,
    /// Whether there is a report in it.
    pub has_report: bool,
    /// The log.
    pub log: Vec<u8>,
}

impl AbrtLog {
    /// `None` for files that are not logs.
    fn read(path: &Path) -> Option<Self> {
        let name = name(path);
        if !name.ends_with(".test") && !name.ends_with(".template") {
            return None;
        }
        let has_report = !name.contains("not_oops") && name != "no_oops.test";
        // Templates have a placeholder for the host.
        let log = match String::from_utf8(fs::read(path).unwrap()) {
            Ok(text) => text.replace(":HOSTNAME:", "host").into_bytes(),
            Err(error) => error.into_bytes(),
        };
        Some(Self { name, has_report, log })
    }
}
