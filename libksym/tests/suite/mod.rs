// SPDX-License-Identifier: MIT OR Apache-2.0
//! One file a subject.

mod code;
mod corrupt;
mod kernel;
mod modules;
mod slide;
