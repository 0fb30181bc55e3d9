// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--serve`: the conversation of its reference, errors, limits, and whatever bytes a line has.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use ksymoops::decode::Decoder;
use ksymoops::serve::{KernelRequest, Kernels, Opened, RequestLine, Service};
use libksym::{Discover, FileSearch};
use libmodfmt::journal::{Entry, Tokens, file_name};
use libmodfmt::proc::NameToken;
use modtest::compile as build;
use modtest::hostile::{NAME, assert_harmless};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::support::{PAGE_FAULT, journal};

/// Nothing but what a request names.
struct Named;

impl Kernels for Named {
    fn open(&self, request: &KernelRequest) -> Result<Opened, String> {
        let mut decoder = Decoder::default();
        decoder.sources.discover = Discover::all(FileSearch::Named);
        decoder.sources.system_map.clone_from(&request.system_map);
        Ok(Opened { decoder, warnings: Vec::new(), files: request.system_map.clone().into_iter().collect() })
    }

    fn loaded_modules(&self) -> Vec<u8> {
        Vec::new()
    }
}

fn answered(line: &[u8]) -> Value {
    let answer = Service::new(Named).answer(&RequestLine::Whole(line.to_vec()));
    assert!(!answer.contains('\n'), "{answer}");
    serde_json::from_str(&answer).unwrap()
}

/// Lines of answers by the command, which runs in this folder.
fn served(folder: &Path, args: &[&str], input: &[u8]) -> Vec<Value> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ksymoops"))
        .current_dir(folder)
        .args(["--serve", "--no-discovery", "--no-journal"])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success() && output.stdout.ends_with(b"\n"));
    let lines = output.stdout[..output.stdout.len() - 1].split(|byte| *byte == b'\n');
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

/// The files of the reference's example.
fn write_example(folder: &Path) {
    let map = "ffffffff81000000 T _stext\nffffffff81000010 T vfs_read\nffffffff81000210 T vfs_write\n\
               ffffffff81400000 T _end\n";
    fs::write(folder.join("System.map"), map).unwrap();
    let mut entries = journal("b-1", 0xffff_ffff_c0a0_2000, None).entries;
    let token = NameToken::new("foo_p", [0xffff_8881_04a3_c000, 0x80, 0, 0]).with_type("meter", "struct foo");
    entries.push(Entry::Tokens(Tokens { boot: "b-1".to_owned(), tokens: vec![token], at: 1200 }));
    fs::create_dir(folder.join("journal")).unwrap();
    let text: Vec<u8> = entries.iter().flat_map(Entry::to_line).collect();
    fs::write(folder.join("journal").join(file_name("b-1")), text).unwrap();
}

const EXAMPLE_ARGS: [&str; 5] =
    ["-m", "System.map", "--persist=journal", "--boot=b-1", "--release=6.1.0-99-amd64"];

const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/ksymoops-serve.md");
const HEADING: &str = "## A conversation";
const BLOCK: &str = "```json\n";

/// The requests and answers of the reference, alternating.
fn reference() -> Vec<Value> {
    let text = fs::read_to_string(REFERENCE).unwrap();
    let (_, conversation) = text.split_once(HEADING).unwrap();
    let blocks = conversation.split(BLOCK).skip(1);
    blocks.map(|block| serde_json::from_str(block.split_once("```").unwrap().0).unwrap()).collect()
}

fn write_reference<'v>(exchanges: impl Iterator<Item = (&'v Value, &'v Value)>) {
    let text = fs::read_to_string(REFERENCE).unwrap();
    let conversation = text.find(HEADING).unwrap();
    let end = conversation + text[conversation..].find(BLOCK).unwrap();
    let blocks: Vec<String> = exchanges
        .flat_map(|(request, answer)| [request, answer])
        .map(|value| format!("{BLOCK}{}\n```\n", folded(value, 0)))
        .collect();
    fs::write(REFERENCE, format!("{}{}", &text[..end], blocks.join("\n"))).unwrap();
}

/// JSON in lines that fit into the reference.
fn folded(value: &Value, indent: usize) -> String {
    const MAX_COLUMNS: usize = 110;
    let compact = value.to_string();
    if compact.len() + indent < MAX_COLUMNS {
        return compact;
    }
    let (open, close, items) = match value {
        Value::Object(fields) => {
            let field = |(name, value)| format!("{}: {}", json!(name), folded(value, indent + 2));
            ('{', '}', fields.iter().map(field).collect::<Vec<_>>())
        }
        Value::Array(items) => ('[', ']', items.iter().map(|item| folded(item, indent + 2)).collect()),
        _ => return compact,
    };
    let (blanks, end) = (" ".repeat(indent + 2), " ".repeat(indent));
    format!("{open}\n{blanks}{}\n{end}{close}", items.join(&format!(",\n{blanks}")))
}

#[test]
fn the_conversation_of_the_reference() {
    let folder = tempfile::tempdir().unwrap();
    write_example(folder.path());
    let reference = reference();
    let (exchanges, rest) = reference.as_chunks::<2>();
    assert!(exchanges.len() >= 6 && rest.is_empty());
    let input: String = exchanges.iter().map(|[request, _]| format!("{request}\n")).collect();
    let answers = served(folder.path(), &EXAMPLE_ARGS, input.as_bytes());
    assert_eq!(answers.len(), exchanges.len());
    if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
        write_reference(exchanges.iter().map(|[request, _]| request).zip(&answers));
        return;
    }
    for ([request, expected], answer) in exchanges.iter().zip(&answers) {
        assert!(answer == expected, "{request}:\n{answer:#}");
    }
}

#[test]
fn errors_are_answers() {
    for (line, code) in [
        ("", "bad-json"),
        ("{", "bad-json"),
        ("[]", "bad-json"),
        ("{} {}", "bad-json"),
        ("{}", "bad-request"),
        (r#"{"request":"hallo"}"#, "bad-request"),
        (r#"{"request":"hello","x":1}"#, "bad-request"),
        (r#"{"request":"hello","id":[]}"#, "bad-request"),
        (r#"{"request":"hello","id":1.5}"#, "bad-request"),
        (r#"{"request":"hello","version":2}"#, "unsupported-version"),
        (r#"{"request":"symbolize"}"#, "bad-request"),
        (r#"{"request":"symbolize","places":[{}]}"#, "bad-request"),
        (r#"{"request":"symbolize","places":["12"]}"#, "bad-request"),
        (r#"{"request":"symbolize","places":[],"kernel":{"vmlinuz":"x"}}"#, "bad-request"),
        (r#"{"request":"decode"}"#, "bad-request"),
        (r#"{"request":"decode","file":"/nonexistent"}"#, "unreadable"),
        (r#"{"request":"decode","file":"/dev/zero"}"#, "unreadable"),
        (r#"{"request":"disassemble","place":"vfs_read+0x1"}"#, "no-code"),
        (r#"{"request":"disassemble","code":"9","arch":"x86_64"}"#, "bad-request"),
        (r#"{"request":"disassemble","code":"90","arch":"vax"}"#, "bad-request"),
        (r#"{"request":"disassemble","code":"90","arch":"x86_64","marker":1}"#, "no-code"),
        (r#"{"request":"persistent","addresses":["x"]}"#, "bad-request"),
    ] {
        let answer = answered(line.as_bytes());
        assert_eq!(answer["error"]["code"], code, "{line}: {answer}");
        assert!(!answer["error"]["message"].as_str().unwrap().is_empty());
        assert_eq!(answer["version"], 1);
    }
    let answer = answered(br#"{"request":"nothing","id":"7"}"#);
    assert_eq!(answer["id"], "7");
    let many: Vec<Value> = vec!["ffffffff81000010".into(); 10_001];
    let answer = answered(json!({"request": "symbolize", "places": many}).to_string().as_bytes());
    assert_eq!(answer["error"]["code"], "too-long");
}

#[test]
fn each_line_has_its_answer_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let long = vec![b'x'; 5 << 20];
    let input = [
        &b"{\"request\":\"hello\",\"id\":1}\n\n"[..],
        &long,
        b"\n\xff\xfe\n{\"request\":\"hello\",\"id\":-2}",
    ];
    let answers = served(folder.path(), &[], &input.concat());
    let ids: Vec<_> = answers.iter().map(|answer| answer["id"].clone()).collect();
    assert_eq!(ids, [json!(1), Value::Null, Value::Null, Value::Null, json!(-2)]);
    assert_eq!(answers[2]["error"]["code"], "too-long");
    assert_eq!(answers[3]["error"]["code"], "bad-json");
    assert_eq!(answers[0]["ok"], answers[4]["ok"]);
    // Options that read something else do not go with it.
    for other in ["--dmesg", "-Affffffff81000010", "log", "--format=json", "-1"] {
        let status = Command::new(env!("CARGO_BIN_EXE_ksymoops"))
            .args(["--serve", other])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert_eq!(status.unwrap().code(), Some(2), "{other}");
    }
}

#[test]
fn code_around_a_place_and_lines_of_a_kernel() {
    let folder = build::folder("serve");
    let vmlinux = build::vmlinux(&folder, &["-g"]);
    let kernel = json!({"vmlinux": vmlinux, "kaslr_offset": "0"});
    let requests = [
        json!({"request": "symbolize", "kernel": kernel, "places": ["outer+0x0", {"symbol": "outer", "offset": "0x1", "return": true}]}),
        json!({"request": "disassemble", "kernel": kernel, "place": "outer+0x0", "before": 0, "after": 8}),
        json!({"request": "forget"}),
        json!({"request": "symbolize", "kernel": {"vmlinux": "missing"}, "places": ["outer+0x0"]}),
        json!({"request": "symbolize", "kernel": {"kaslr_offset": "123"}, "places": []}),
    ];
    let input: String = requests.iter().map(|request| format!("{request}\n")).collect();
    let [symbolized, disassembled, forgotten, missing, malformed] =
        served(&folder, &[], input.as_bytes()).try_into().unwrap();
    let frames = &symbolized["ok"]["answers"][0]["candidates"][0]["frames"];
    assert!(frames[0]["file"].as_str().unwrap().ends_with("chain.c"), "{symbolized}");
    assert_eq!(symbolized["ok"]["answers"][1]["candidates"][0]["offset"], 1);
    let listing = &disassembled["ok"]["listing"];
    assert_eq!((&listing["trap"], &listing["instructions"][0]["offset"]), (&json!(0), &json!(0)));
    assert_eq!(disassembled["ok"]["answer"]["candidates"][0]["symbol"], "outer");
    assert_eq!(forgotten["ok"], json!({}));
    assert!(missing["warnings"][0].as_str().unwrap().contains("missing: cannot be opened"), "{missing}");
    assert_eq!(malformed["error"]["code"], "bad-kernel");
}

#[test]
fn a_file_that_changes_is_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    let map = folder.path().join("System.map");
    let write = |name: &str| {
        let text = format!("ffffffff81000000 T _text\nffffffff81000010 T {name}\nffffffff81000020 T _end\n");
        fs::write(&map, text).unwrap();
    };
    let kernel = json!({"system_map": map});
    let request =
        |name: &str| json!({"request": "symbolize", "kernel": kernel, "places": [format!("{name}+0x1")]});
    let mut service = Service::new(Named);
    let mut found = |name: &str| {
        let answer = service.answer(&RequestLine::Whole(request(name).to_string().into_bytes()));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["ok"]["answers"][0]["candidates"].as_array().unwrap().len()
    };
    write("one");
    assert_eq!((found("one"), found("other")), (1, 0));
    write("other");
    assert_eq!((found("one"), found("other")), (0, 1));
    fs::remove_file(&map).unwrap();
    assert_eq!(found("other"), 0);
    for number in 0..20 {
        let kernel = json!({"system_map": folder.path().join(number.to_string())});
        let request = json!({"request": "symbolize", "kernel": kernel, "places": ["f+0x1"]});
        service.answer(&RequestLine::Whole(request.to_string().into_bytes()));
    }
}

#[test]
fn a_log_is_decoded_as_by_the_command() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("log"), PAGE_FAULT).unwrap();
    let log = String::from_utf8(PAGE_FAULT.to_vec()).unwrap();
    let input = format!(
        "{}\n{}\n",
        json!({"request": "decode", "log": log}),
        json!({"request": "decode", "file": "log"})
    );
    let answers = served(folder.path(), &[], input.as_bytes());
    assert_eq!(answers[0]["ok"], answers[1]["ok"]);
    let (_, printed, _) = super::binary::run_plainly(&["--no-discovery", "--format=json"], PAGE_FAULT);
    let expected: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(answers[0]["ok"]["reports"], json!([expected]));
    assert_eq!(answers[0]["ok"]["complete"], true);
}

/// Requests with something in them, to be changed.
fn some_request() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just(Value::Null),
        any::<u64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "(0x)?[0-9a-f]{0,17}".prop_map(Value::from),
        "[a-z_]{1,8}\\+0x[0-9a-f]{1,4}".prop_map(|place| json!([place])),
    ];
    let name =
        prop::sample::select(vec!["hello", "symbolize", "disassemble", "decode", "persistent", "forget"]);
    let field = prop::sample::select(vec![
        "id",
        "version",
        "places",
        "place",
        "code",
        "arch",
        "marker",
        "pc",
        "log",
        "addresses",
        "kernel",
        "registers",
    ]);
    (name, prop::collection::btree_map(field, value, 0..4)).prop_map(|(name, fields)| {
        let mut request = json!({"request": name});
        for (field, value) in fields {
            request[field] = value;
        }
        request.to_string()
    })
}

proptest! {
    #[test]
    fn any_bytes_give_one_line_of_json(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let answer = answered(&bytes);
        prop_assert!(answer["error"]["code"].is_string());
    }

    #[test]
    fn any_request_gives_one_line_of_json(request in some_request(), cut: prop::sample::Index) {
        let answer = answered(request.as_bytes());
        prop_assert!(answer["error"].is_object() != answer["ok"].is_object());
        answered(&request.as_bytes()[..cut.index(request.len())]);
    }
}

#[test]
fn names_in_answers_are_harmless() {
    let request = json!({"request": "symbolize", "id": NAME, "places": [NAME, {"symbol": NAME}]});
    let answer = Service::new(Named).answer(&RequestLine::Whole(request.to_string().into_bytes()));
    assert_harmless(answer.as_bytes());
    let request = json!({"request": "symbolize", "id": NAME, "places": [{"symbol": NAME}]});
    assert_harmless(
        Service::new(Named).answer(&RequestLine::Whole(request.to_string().into_bytes())).as_bytes(),
    );
}
