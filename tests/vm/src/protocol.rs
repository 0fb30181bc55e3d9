// SPDX-License-Identifier: MIT OR Apache-2.0
//! The lines that the guest writes to its second serial port, each a JSON object.
//!
//! The first port is the console. The kernel may print there at any time, even in the middle of a line, so
//! results have a port of their own.

use serde::{Deserialize, Serialize};

/// How a scenario ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Every assertion holds.
    Pass,
    /// An assertion failed; the detail says which.
    Fail,
    /// It cannot run on this kernel; the detail says why.
    Skip,
}

/// One line from the guest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Line {
    /// A scenario begins. If the machine dies, the host knows during which one.
    Start {
        /// Name of the scenario.
        start: String,
    },
    /// A scenario ended.
    Result {
        /// Name of the scenario.
        scenario: String,
        /// How it ended.
        status: Status,
        /// The error, or the reason to skip; empty for a pass.
        detail: String,
        /// Time it took on the guest's clock, in milliseconds.
        ms: u64,
    },
    /// A number worth recording, such as memory use at the hundredth reload.
    Measure {
        /// What was measured.
        measure: String,
        /// Its value, with the unit if it has one.
        value: String,
    },
    /// A text that the host saves as a file of the run, such as an oops.
    Artifact {
        /// File name, without directories.
        artifact: String,
        /// Its contents.
        text: String,
    },
    /// Free text for whoever reads the run's output.
    Note {
        /// The text.
        note: String,
    },
    /// A line of the demo, shown verbatim.
    Say {
        /// The text.
        say: String,
    },
    /// The last line: the guest has finished.
    Exit {
        /// 0 unless the guest could not run at all.
        exit: i32,
    },
}

impl Line {
    /// The line as it is sent, without the newline.
    pub fn encode(&self) -> String {
        // The types above contain only strings and numbers, which always serialise.
        serde_json::to_string(self)
            .unwrap_or_else(|error| format!("{{\"note\":\"unencodable line: {error}\"}}"))
    }

    /// Reads a line; `None` if it is not one of the protocol's.
    pub fn decode(line: &str) -> Option<Self> {
        serde_json::from_str(line.trim()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_reads_as_documented() {
        let line =
            Line::Result { scenario: "smoke".into(), status: Status::Pass, detail: String::new(), ms: 12 };
        assert_eq!(line.encode(), r#"{"scenario":"smoke","status":"pass","detail":"","ms":12}"#);
        assert_eq!(Line::decode(&line.encode()), Some(line));
    }

    #[test]
    fn kinds_are_told_apart() {
        assert_eq!(Line::decode(r#"{"exit":0}"#), Some(Line::Exit { exit: 0 }));
        assert_eq!(
            Line::decode("{\"note\":\"a \\\"b\\\"\"}\r\n"),
            Some(Line::Note { note: "a \"b\"".into() })
        );
        assert_eq!(Line::decode("[    0.1] kernel text"), None);
    }
}
