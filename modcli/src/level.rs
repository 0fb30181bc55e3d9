// SPDX-License-Identifier: MIT OR Apache-2.0
//! How severe a message is.

/// Severity of a message, most severe first; as in kmod.
///
/// ```
/// use modcli::Level;
/// assert!(Level::Error < Level::Debug);
/// assert_eq!(Level::from_verbosity(0), Level::Error);
/// assert_eq!(Level::from_verbosity(1), Level::Warning);
/// assert_eq!(Level::from_verbosity(9), Level::Debug);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The command cannot go on.
    Fatal,
    /// Something that was asked for was not done. Shown by default, as is anything more severe.
    Error,
    /// It was done, but perhaps not as the user expects. Shown with `-v`.
    Warning,
    /// Shown with `-vv`.
    Notice,
    /// Shown with `-vvv`.
    Info,
    /// Shown with `-vvvv`.
    Debug,
}

impl Level {
    /// The least severe level that is shown when `-v` was given `count` times.
    #[must_use]
    pub fn from_verbosity(count: u8) -> Self {
        match count {
            0 => Self::Error,
            1 => Self::Warning,
            2 => Self::Notice,
            3 => Self::Info,
            _ => Self::Debug,
        }
    }

    /// The word in front of the message, as kmod writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Fatal => "FATAL",
            Self::Error => "ERROR",
            Self::Warning => "WARNING",
            Self::Notice => "NOTICE",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
        }
    }

    /// The syslog severity.
    pub(crate) fn severity(self) -> u8 {
        match self {
            Self::Fatal => 2,
            Self::Error => 3,
            Self::Warning => 4,
            Self::Notice => 5,
            Self::Info => 6,
            Self::Debug => 7,
        }
    }
}
