// SPDX-License-Identifier: MIT OR Apache-2.0
//! Progress for a person at a terminal, plain lines for a log.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use anyhow::Result;

/// Whether standard output is a terminal.
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Shows what is going on now; the next line replaces it. Nothing in a log.
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
    // Progress that cannot be shown is no reason to stop.
    let _ = io::stdout().flush();
}

/// Colours for the few words that matter; none in a log.
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
    /// It holds.
    Green,
    /// It does not.
    Red,
    /// It was not tried.
    Yellow,
    /// Beside the point.
    Dim,
    /// A heading.
    Cyan,
    /// What a person would type.
    Bold,
}

/// Does something that takes a while: names it, then says how long it took.
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
