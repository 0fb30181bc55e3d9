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

/// Waits until the module is unused, gone, or the time is over. What follows will say which.
pub(crate) fn until_unused(name: &str, limit: Limit, kernel: &dyn Kernel, output: &mut Output) {
    let start = Instant::now();
    let mut said = false;
    while is_used(name, kernel) {
        if limit.0.is_some_and(|limit| start.elapsed() >= limit) {
            output
                .notice(format_args!("{name} is still in use after {:.1} s", start.elapsed().as_secs_f64()));
            return;
        }
        if !said {
            output.info(format_args!("waiting until {name} is unused"));
            said = true;
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
