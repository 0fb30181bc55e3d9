// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--serve`: other programs ask, line by line, and what was read for one answer is kept for the next.
//! `docs/ksymoops-serve.md` is the reference.
//!
//! [`Service::answer`] turns one line into one line; it opens nothing itself but logs that a request names.
//! What a request says about its kernel goes to the caller's [`Kernels`], which make the decoder.

mod decode;
mod disassemble;
mod error;
mod kept;
mod limits;
mod lines;
mod persistent;
mod place;
mod request;
mod service;
mod symbolize;
mod value;

pub use error::ErrorCode;
pub use kept::{Kernels, Opened};
pub use limits::MAX_REQUEST_BYTES;
pub use lines::{RequestLine, RequestLines};
pub use request::KernelRequest;
pub use service::{Service, VERSION};
