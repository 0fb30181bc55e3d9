// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--wait`: until a module is unused. The kernel has not done that since 3.13, so it is asked again and again.

use std::ffi::OsStr;
use std::thread;
use std::time::{Duration, Instant};

use libmodsys::Kernel;
use modcli::Output;

const PAUSE: Duration = Duration::from_millis(50);

/// How long to wait; `None` for as long as it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit(Option<Duration>);

impl Limit {
    /// Reads the value of the option; empty if it had none.
    pub fn parse(text: &OsStr) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(None));
        }
        let seconds: f64 = text.to_str()?.parse().ok()?;
        Duration::try_from_secs_f64(seconds).ok().map(|limit| Self(Some(limit)))
    }
}

/// The wait for one module.
#[derive(Debug)]
pub(crate) struct Wait {
    start: Instant,
    limit: Limit,
    said: bool,
}

impl Wait {
    /// It begins now.
    pub fn begin(limit: Limit) -> Self {
        Self { start: Instant::now(), limit, said: false }
    }

    /// Whether the time is over.
    pub fn is_over(&self) -> bool {
        self.limit.0.is_some_and(|limit| self.start.elapsed() >= limit)
    }

    /// Until the module is unused, gone, or the time is over. What follows will say which.
    pub fn until_unused(&mut self, name: &str, kernel: &dyn Kernel, output: &mut Output) {
        while is_used(name, kernel) {
            if self.is_over() {
                let seconds = self.start.elapsed().as_secs_f64();
                output.notice(format_args!("{name} is still in use after {seconds:.1} s"));
                return;
            }
            self.pause(name, output);
        }
    }

    /// A moment, before the next look.
    pub fn pause(&mut self, name: &str, output: &mut Output) {
        if !self.said {
            output.info(format_args!("waiting until {name} is unused"));
            self.said = true;
        }
        thread::sleep(PAUSE);
    }
}

fn is_used(name: &str, kernel: &dyn Kernel) -> bool {
    matches!(kernel.init_state(name), Ok(Some(_))) && matches!(kernel.refcount(name), Ok(Some(1..)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        let parse = |text: &str| Limit::parse(text.as_ref());
        assert_eq!(parse(""), Some(Limit(None)));
        assert_eq!(parse("0.5"), Some(Limit(Some(Duration::from_millis(500)))));
        assert_eq!((parse("x"), parse("-1"), parse("nan")), (None, None, None));
    }
}
