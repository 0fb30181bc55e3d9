// SPDX-License-Identifier: MIT OR Apache-2.0
//! Progress on a terminal, plain lines in a log.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use anyhow::Result;

/// Whether standard output is a terminal.
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Shows the current activity; the next line replaces it. Prints nothing if the output is not a terminal.
pub fn transient(text: &str) {
    if is_terminal() {
        let text: String = text.chars().take(100).collect();
        print!("\r\x1b[K{text}");
        flush();
    }
}

/// Prints a line that stays.
pub fn line(text: &str) {
    if is_terminal() {
        print!("\r\x1b[K");
    }
    println!("{text}");
    flush();
}

fn flush() {
    // Failing to show progress is not a reason to stop.
    let _ = io::stdout().flush();
}

/// Colours the few words that matter; plain text if the output is not a terminal.
pub fn paint(colour: Colour, text: &str) -> String {
    if !is_terminal() {
        return text.to_owned();
    }
    let code = match colour {
        Colour::Green => 32,
        Colour::Red => 31,
        Colour::Yellow => 33,
        Colour::Dim => 2,
        Colour::Cyan => 36,
        Colour::Bold => 1,
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// See [`paint`].
#[derive(Clone, Copy)]
pub enum Colour {
    /// Success.
    Green,
    /// Failure.
    Red,
    /// Skipped.
    Yellow,
    /// Less important.
    Dim,
    /// A heading.
    Cyan,
    /// What a person would type.
    Bold,
}

/// Runs something that takes a while: shows what it is, and then how long it took.
pub fn step<T>(what: &str, body: impl FnOnce() -> Result<T>) -> Result<T> {
    transient(&format!("  ... {what}"));
    let start = Instant::now();
    let result = body();
    match &result {
        Ok(_) if start.elapsed() < Duration::from_millis(300) => transient(""),
        Ok(_) => {
            line(&format!("  {what} {}", paint(Colour::Dim, &format!("({})", seconds(start.elapsed())))))
        }
        Err(_) => line(&format!("  {what}: {}", paint(Colour::Red, "failed"))),
    }
    result
}

/// A duration to a tenth of a second.
pub fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
