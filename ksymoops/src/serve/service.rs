// SPDX-License-Identifier: MIT OR Apache-2.0
//! From a request to an answer.

use modcli::{escape, without_os_error};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::decode;
use super::error::{ErrorCode, ServeError};
use super::kept::{KeptKernel, KeptKernels, Kernels};
use super::limits::{MAX_KERNELS, MAX_PLACES, MAX_REPORT_BYTES, MAX_REQUEST_BYTES};
use super::lines::RequestLine;
use super::request::{self, KernelRequest};
use super::{disassemble, persistent, symbolize};

/// The version of the requests and answers.
pub const VERSION: u64 = 1;

/// All requests.
const REQUESTS: [&str; 6] = ["hello", "symbolize", "disassemble", "decode", "persistent", "forget"];

/// Answers requests.
pub struct Service<K> {
    kernels: K,
    kept: KeptKernels,
}

impl<K: Kernels> Service<K> {
    /// A service that has read nothing yet.
    pub fn new(kernels: K) -> Self {
        Self { kernels, kept: KeptKernels::default() }
    }

    /// Answers one line of requests with one line, without a line end.
    pub fn answer(&mut self, line: &RequestLine) -> String {
        let mut id = Value::Null;
        let mut warnings = Vec::new();
        let result = self.result(line, &mut id, &mut warnings);
        let mut answer = Map::new();
        answer.insert("version".to_owned(), VERSION.into());
        answer.insert("id".to_owned(), id);
        answer.insert("warnings".to_owned(), warnings.into());
        match result {
            Ok(value) => answer.insert("ok".to_owned(), value),
            Err(ServeError { code, message }) => {
                let error = json!({"code": code, "message": without_os_error(&message)});
                answer.insert("error".to_owned(), error)
            }
        };
        escape::json(Value::Object(answer).to_string())
    }

    fn result(
        &mut self,
        line: &RequestLine,
        id: &mut Value,
        warnings: &mut Vec<String>,
    ) -> Result<Value, ServeError> {
        let RequestLine::Whole(line) = line else {
            let words = format!("the request has more than {MAX_REQUEST_BYTES} bytes");
            return Err(ServeError::new(ErrorCode::TooLong, words));
        };
        let parsed: Value =
            serde_json::from_slice(line).map_err(|error| ServeError::new(ErrorCode::BadJson, error))?;
        let Value::Object(mut fields) = parsed else {
            return Err(ServeError::new(ErrorCode::BadJson, "a request is an object"));
        };
        match fields.remove("id") {
            Some(given) if is_id(&given) => *id = given,
            None => {}
            Some(_) => return Err(ServeError::bad_request("id is a string or an integer of 64 bits")),
        }
        match fields.remove("version") {
            Some(version) if version.as_u64() != Some(VERSION) => {
                let words = format!("this is version {VERSION}");
                return Err(ServeError::new(ErrorCode::UnsupportedVersion, words));
            }
            _ => {}
        }
        let Some(Value::String(name)) = fields.remove("request") else {
            return Err(ServeError::bad_request("request is a string"));
        };
        self.request(&name, Value::Object(fields), warnings)
    }

    fn request(
        &mut self,
        name: &str,
        fields: Value,
        warnings: &mut Vec<String>,
    ) -> Result<Value, ServeError> {
        match name {
            "hello" => read::<request::Nothing>(fields).map(|_| hello()),
            "forget" => {
                read::<request::Nothing>(fields)?;
                self.kept.clear();
                Ok(json!({}))
            }
            "symbolize" => {
                let request: request::Symbolize = read(fields)?;
                self.about(&request.kernel, warnings, |kernel| symbolize::answer(&request, kernel))
            }
            "disassemble" => {
                let request: request::Disassemble = read(fields)?;
                self.about(&request.kernel, warnings, |kernel| disassemble::answer(&request, kernel))
            }
            "decode" => {
                let request: request::Decode = read(fields)?;
                self.about(&request.kernel, warnings, |kernel| decode::answer(&request, kernel))
            }
            "persistent" => {
                let request: request::Persistent = read(fields)?;
                self.about(&request.kernel, warnings, |kernel| persistent::answer(&request, kernel))
            }
            _ => Err(ServeError::bad_request(format!("request is one of {}", REQUESTS.join(", ")))),
        }
    }

    /// Answers a request about a kernel.
    fn about(
        &mut self,
        request: &KernelRequest,
        warnings: &mut Vec<String>,
        answer: impl FnOnce(&KeptKernel) -> Result<Value, ServeError>,
    ) -> Result<Value, ServeError> {
        let kernel = self.kept.get(request, &self.kernels)?;
        let result = answer(kernel);
        warnings.extend(kernel.take_warnings().iter().map(|warning| without_os_error(warning)));
        result
    }
}

/// What the service is, and what it can do.
fn hello() -> Value {
    json!({
        "program": "ksymoops",
        "program_version": env!("CARGO_PKG_VERSION"),
        "versions": [VERSION],
        "requests": REQUESTS,
        "limits": {
            "request_bytes": MAX_REQUEST_BYTES,
            "report_bytes": MAX_REPORT_BYTES,
            "places": MAX_PLACES,
            "kernels": MAX_KERNELS,
        },
    })
}

/// Whether a value comes back as it was given.
fn is_id(value: &Value) -> bool {
    match value {
        Value::String(_) | Value::Null => true,
        Value::Number(number) => number.is_u64() || number.is_i64(),
        _ => false,
    }
}

fn read<T: DeserializeOwned>(fields: Value) -> Result<T, ServeError> {
    serde_json::from_value(fields).map_err(ServeError::bad_request)
}
