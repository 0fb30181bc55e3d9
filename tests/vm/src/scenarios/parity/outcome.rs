// SPDX-License-Identifier: MIT OR Apache-2.0
//! The result of a command line, in aspects that are compared one by one.

use std::collections::BTreeMap;

/// The aspects.
pub const ASPECTS: &[&str] = &["stdout", "stderr", "code", "calls", "modules", "log", "syslog"];

/// The aspects' texts, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome(BTreeMap<&'static str, String>);

impl Outcome {
    /// Sets an aspect.
    pub fn set(&mut self, aspect: &'static str, text: String) {
        self.0.insert(aspect, text);
    }

    /// An aspect's text.
    pub fn aspect(&self, aspect: &str) -> &str {
        self.0.get(aspect).map_or("", String::as_str)
    }

    /// Names of the aspects that differ.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        ASPECTS.iter().copied().filter(|aspect| self.aspect(aspect) != other.aspect(aspect)).collect()
    }
}

/// Messages without the source location in libkmod that Debian's build puts in front of them. It may differ
/// everywhere.
pub fn without_source(text: &str) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        out.push_str(&strip_source(line).unwrap_or_else(|| line.to_owned()));
    }
    out
}

/// `insmod: ERROR: ../libkmod/libkmod-module.c:928 function() text` becomes `insmod: ERROR: text`.
fn strip_source(line: &str) -> Option<String> {
    let at = line.find("../libkmod/").or_else(|| line.find("libkmod/libkmod"))?;
    let (head, rest) = line.split_at_checked(at)?;
    let (place, rest) = rest.split_once(' ')?;
    let (function, text) = rest.split_once("() ")?;
    let number = place.rsplit_once(".c:")?.1;
    (number.bytes().all(|byte| byte.is_ascii_digit()) && !function.contains(' '))
        .then(|| format!("{head}{text}"))
}

/// A syslog datagram without its time. The C library sends the time; we leave it to the daemon.
pub fn without_time(datagram: &str) -> String {
    // <27>Nov 22 16:56:22 insmod: text
    let Some((priority, rest)) = datagram.split_once('>') else { return datagram.to_owned() };
    let is_time = rest.len() > 16
        && rest.bytes().zip(b"Aaa 00 00:00:00 ").all(|(byte, pattern)| match pattern {
            b'0' => byte.is_ascii_digit() || byte == b' ',
            b'A' | b'a' => byte.is_ascii_alphabetic(),
            other => byte == *other,
        });
    match rest.get(16..).filter(|_| is_time) {
        Some(text) => format!("{priority}>{text}"),
        None => datagram.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_location_is_removed() {
        let line = "insmod: ERROR: ../libkmod/libkmod-module.c:928 kmod_module_insert() Failed to x\nrest\n";
        assert_eq!(without_source(line), "insmod: ERROR: Failed to x\nrest\n");
        assert_eq!(without_source("insmod: ERROR: libkmod\n"), "insmod: ERROR: libkmod\n");
    }

    #[test]
    fn the_time_is_removed() {
        assert_eq!(without_time("<27>Nov  2 16:56:22 insmod: ERROR: x"), "<27>insmod: ERROR: x");
        assert_eq!(without_time("<27>insmod: ERROR: a longer text"), "<27>insmod: ERROR: a longer text");
    }
}
