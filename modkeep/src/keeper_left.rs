// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why the keeper that a failed load has made is still there.

use std::fmt;

use libmodsys::Errno;

/// Why the keeper that a failed load has made is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeeperLeft {
    /// The kernel refused to remove it.
    NotRemoved {
        /// Its reason.
        errno: Errno,
    },
    /// Kept data points into it: the init function that failed has left that behind.
    PointedTo {
        /// The keeper.
        keeper: String,
        /// The variable that points there, or a unit with an offset.
        from: String,
    },
    /// It says that a variable has grown, and the init function that failed has used the new room.
    Grown {
        /// The keeper.
        keeper: String,
        /// The variable.
        variable: String,
    },
    /// Whether kept data points into it could not be found out.
    NotSearched {
        /// The keeper.
        keeper: String,
        /// Why not.
        why: String,
    },
}

impl fmt::Display for KeeperLeft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRemoved { errno } => {
                write!(f, "the keeper made for this load could not be removed: {}", errno.desc())
            }
            Self::PointedTo { keeper, from } => write!(
                f,
                "{keeper}, made for this load, stays: the init function has left a pointer to it in {from}"
            ),
            Self::Grown { keeper, variable } => write!(
                f,
                "{keeper}, made for this load, stays: it says what {variable} has grown to, and the init \
                 function may have used that"
            ),
            Self::NotSearched { keeper, why } => write!(
                f,
                "{keeper}, made for this load, stays: whether kept data points to it is not known ({why})"
            ),
        }
    }
}
