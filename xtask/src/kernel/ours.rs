// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernels that we build, by the names for `--kernel`: `extended`, `debug-6.12`, `extended-newest`.

use super::series::{self, Series};
use super::variant::Variant;

/// A kernel that we build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ours {
    /// How it is configured.
    pub variant: Variant,
    /// What it is built from.
    pub series: Series,
}

/// Those in which `cargo xtask test --all` runs the scenarios of the extended kernel as well. To build `debug` and
/// run them in it takes a quarter of an hour, for faults of the patch alone.
pub const OTHERS: &[&str] = &["debug", "extended-6.12", "debug-6.12", "extended-newest"];

impl Ours {
    /// The kernel of this name.
    pub fn named(name: &str) -> Option<Self> {
        let (variant, series) = match name.split_once('-') {
            Some((variant, series)) => (variant, Series::named(series)?),
            None => (name, Series::DEFAULT),
        };
        Some(Self { variant: Variant::named(variant)?, series })
    }

    /// The files in `kernel/config` that make up its configuration.
    pub fn fragments(self) -> Vec<String> {
        let mut names: Vec<String> = self.variant.fragments().iter().map(|name| (*name).to_owned()).collect();
        // Those are for the first series, which has one patch only.
        if self.series != Series::DEFAULT {
            names.push("name_token.config".to_owned());
            names.extend((self.variant == Variant::Debug).then(|| "kunit.config".to_owned()));
            names.push(format!("{}.config", self.series.name()));
        }
        names
    }

    /// What the names look like.
    pub fn names() -> String {
        let names: Vec<&str> = series::ALL.iter().map(|series| series.name()).collect();
        format!(
            "{}, and each of these with -newest or one of -{}",
            Variant::names().join(", "),
            names.join(", -")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_fragments_are_there() {
        for name in OTHERS.iter().chain(&["extended", "plain", "debug"]) {
            for fragment in Ours::named(name).unwrap().fragments() {
                assert!(
                    crate::workspace::root().join("kernel/config").join(&fragment).is_file(),
                    "{fragment}"
                );
            }
        }
    }

    #[test]
    fn names_are_read() {
        let extended = Ours::named("extended").unwrap();
        assert_eq!(extended, Ours::named("extended-6.1").unwrap());
        assert_eq!(Ours::named("debug-6.12").map(|ours| ours.series.name()), Some("6.12"));
        assert!(Ours::named("extended-6.2").is_none() && Ours::named("other-6.1").is_none());
        assert!(OTHERS.iter().all(|name| Ours::named(name).is_some()));
    }
}
