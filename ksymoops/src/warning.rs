// SPDX-License-Identifier: MIT OR Apache-2.0
//! Warnings, as values until they are printed.

use std::path::PathBuf;

use thiserror::Error;

/// Something that the user should know about, although decoding goes on. `Display` is the text that is
/// printed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Warning {
    /// Two options conflict.
    #[error("-{lower} and -{upper} conflict; using the last one, -{used}")]
    ExclusiveOptions {
        /// The option that names a source.
        lower: char,
        /// The option that rules the source out.
        upper: char,
        /// The one that was given last.
        used: char,
    },
    /// An option of which only one value is used was given several times.
    #[error("-{option} was given {count} times; using the last one")]
    RepeatedOption {
        /// The option.
        option: char,
        /// How many times.
        count: usize,
    },
    /// The text of `-A` holds neither an address nor a place.
    #[error("-A: no address of at least 4 hexadecimal digits and no symbol+0x1 in {text:?}")]
    NoAddress {
        /// The text.
        text: String,
    },
    /// A journal file has lines that are not journal entries.
    #[error("{}: skipped {}", .file.display(), not_entries(*.count))]
    JournalLines {
        /// The file.
        file: PathBuf,
        /// How many lines.
        count: usize,
    },
    /// A file cannot be read.
    #[error("{}: {error}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system, or the reader of the format, says.
        error: String,
    },
    /// A source that the user named can be read, but is not what it should be.
    #[error("{}: no {what}", .file.display())]
    NothingOfItsKind {
        /// The file or directory.
        file: PathBuf,
        /// What was expected in it, in the plural.
        what: &'static str,
    },
    /// A code of a panic screen has no text that can be read.
    #[error("{text}")]
    PanicCode {
        /// What is wrong with which code.
        text: String,
    },
    /// The running kernel does not tell which persistent data it keeps.
    #[error("persistent data of the running kernel: {error}")]
    RunningKernel {
        /// What went wrong.
        error: String,
    },
    /// The report is from another release than the user says. The report is believed.
    #[error("the log is from release {log}, not {named}")]
    OtherRelease {
        /// The report's release.
        log: String,
        /// The user's.
        named: String,
    },
    /// Several boots of the journal fit a report.
    #[error("the log fits boots {boots} of the journal; none of them is used, pick one with --boot")]
    SeveralBoots {
        /// The ids.
        boots: String,
    },
    /// `--boot`: the journal has no such boot.
    #[error("--boot: no boot of the journal begins with {wanted}")]
    NoSuchBoot {
        /// The beginning of the id.
        wanted: String,
    },
    /// `--boot`: that boot is of another kernel than the report.
    #[error("--boot: boot {wanted} of the journal is of another kernel and is not used")]
    BootOfOtherKernel {
        /// The beginning of the id.
        wanted: String,
    },
    /// `--boot`: in that boot the kernel was at another address (KASLR) than in the report.
    #[error("--boot: in boot {wanted} of the journal the kernel was at another address; it is not used")]
    BootAtOtherAddress {
        /// The beginning of the id.
        wanted: String,
    },
    /// A server of debug files has failed.
    #[error("{url}: {error}")]
    Server {
        /// The server.
        url: String,
        /// What went wrong.
        error: String,
    },
    /// An option of the classic output, with another output.
    #[error("-{option} applies to --format=ksymoops only; ignored")]
    ClassicOnly {
        /// The option.
        option: char,
    },
    /// A warning about the sources of a merged map.
    #[error(transparent)]
    Merged(#[from] libksym::merged::MapWarning),
    /// A warning about symbol and debug files.
    #[error(transparent)]
    Symbols(#[from] libksym::Warning),
}

fn not_entries(lines: usize) -> String {
    match lines {
        1 => "1 line that is not a journal entry".to_owned(),
        _ => format!("{lines} lines that are not journal entries"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_is_not_lines() {
        let text = |count| Warning::JournalLines { file: "boot-1.jsonl".into(), count }.to_string();
        assert_eq!(text(1), "boot-1.jsonl: skipped 1 line that is not a journal entry");
        assert_eq!(text(2), "boot-1.jsonl: skipped 2 lines that are not journal entries");
    }
}
