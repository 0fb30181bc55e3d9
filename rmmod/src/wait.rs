// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--wait`: waits until nothing uses a module. The kernel has not done that since 3.13, so it is polled.

use std::ffi::OsStr;
use std::thread;
use std::time::{Duration, Instant};

use libmodsys::Kernel;
use modcli::Output;

/// Polling interval.
const PAUSE: Duration = Duration::from_millis(50);

/// How long to wait; without a limit if `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit(Option<Duration>);

impl Limit {
    /// Parses the value of the option, a number of seconds; without a limit if it is empty.
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
    is_announced: bool,
}

impl Wait {
    /// Starts the clock.
    pub fn begin(limit: Limit) -> Self {
        Self { start: Instant::now(), limit, is_announced: false }
    }

    /// Whether the limit is reached.
    pub fn is_over(&self) -> bool {
        self.limit.0.is_some_and(|limit| self.start.elapsed() >= limit)
    }

    /// Waits until nothing uses the module, it is gone, or the limit is reached. The checks that follow tell
    /// which.
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

    /// Waits a moment.
    pub fn pause(&mut self, name: &str, output: &mut Output) {
        if !self.is_announced {
            output.info(format_args!("waiting until nothing uses {name}"));
            self.is_announced = true;
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
