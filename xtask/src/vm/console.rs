// SPDX-License-Identifier: MIT OR Apache-2.0
//! Watches the console of a running machine for signs that it hangs, or has not got its files.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Texts after which no more output can be expected, or none that means anything.
const HANGS: &[&str] = &[
    "soft lockup",
    "hard LOCKUP",
    "self-detected stall",
    "detected stalls on CPUs",
    "blocked for more than",
    "end Kernel panic",
    "Unable to mount root fs",
    // Files are missing or cut off.
    "Initramfs unpacking failed",
];

/// A console that is being written.
pub struct Console {
    path: PathBuf,
    file: Option<File>,
    unfinished: String,
    hang: Option<String>,
}

impl Console {
    /// Watches this file, which may not exist yet.
    pub fn watch(path: &Path) -> Self {
        Self { path: path.to_owned(), file: None, unfinished: String::new(), hang: None }
    }

    /// Reads new output. Returns the first line that means a hang.
    pub fn poll(&mut self) -> Option<&str> {
        if self.file.is_none() {
            self.file = File::open(&self.path).ok();
        }
        let mut bytes = Vec::new();
        if let Some(file) = &mut self.file {
            // The console is only evidence: failing to read it does not decide a result.
            let _ = file.read_to_end(&mut bytes);
        }
        self.feed(&String::from_utf8_lossy(&bytes));
        self.hang.as_deref()
    }

    fn feed(&mut self, text: &str) {
        self.unfinished.push_str(text);
        while let Some((line, rest)) = self.unfinished.split_once('\n') {
            if self.hang.is_none() && HANGS.iter().any(|word| line.contains(word)) {
                self.hang = Some(line.trim().to_owned());
            }
            self.unfinished = rest.to_owned();
        }
    }
}

/// The first line of a finished console that contains `word`.
pub fn find(path: &Path, word: &str) -> Option<String> {
    let bytes = std::fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text.lines().find(|line| line.contains(word)).map(|line| line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_may_arrive_in_two_pieces() {
        let mut console = Console::watch(Path::new("/nonexistent"));
        console.feed("[ 1.0] fine\n[ 2.0] watchdog: BUG: soft lo");
        assert_eq!(console.poll(), None);
        console.feed("ckup - CPU#0\r\n");
        assert_eq!(console.poll(), Some("[ 2.0] watchdog: BUG: soft lockup - CPU#0"));
    }
}
