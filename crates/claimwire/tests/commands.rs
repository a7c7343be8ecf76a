//! The commands as somebody at a shell meets them: what they print, and their exit codes.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Runs the program in `directory`, with nothing of this process's environment.
fn claimwire(directory: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    fed(directory, arguments, environment, b"")
}

fn fed(directory: &Path, arguments: &[&str], environment: &[(&str, &str)], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_claimwire"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary was built for this test");
    // A program that refuses its configuration does not read what it is fed.
    let _ = child.stdin.take().expect("it is piped").write_all(input);
    child.wait_with_output().expect("a child can be waited for")
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("errors are text")
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).expect("output is text");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect()
}

/// What `check` says of a configuration that it must refuse, in one line and with exit code 2.
fn refusal(config: &str) -> String {
    let directory = directory();
    std::fs::write(directory.path().join("claimwire.toml"), config)
        .expect("the temporary directory can be written");
    refused(&claimwire(directory.path(), &["check"], &[]))
}

fn refused(output: &Output) -> String {
    let said = errors(output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    said.trim_end().to_owned()
}

fn feed(id: &str, change: (&str, &str)) -> String {
    let feed = format!(
        "[[feed]]\nid = \"{id}\"\nurl = \"https://news.example/rss\"\npublisher = \"News\"\n\
         language = \"en\"\ncountry = \"GB\"\nkind = \"newspaper\"\n"
    );
    feed.replace(change.0, change.1)
}

#[test]
fn the_shipped_configurations_are_right() {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
    for file in ["claimwire.toml", "quickstart.toml"] {
        let output = claimwire(&config, &["--config", file, "check"], &[]);
        assert!(output.status.success(), "{file}: {}", errors(&output));
    }
}

#[test]
fn every_key_of_the_shipped_example_is_right_when_it_is_uncommented() {
    let example = include_str!("../../../config/claimwire.toml");
    let uncommented: Vec<&str> = example
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(key) if key.starts_with('[') || key.contains(" = ") => key,
            _ => line,
        })
        // One of the two is enough, and neither is there.
        .filter(|line| !line.starts_with("password_file") && !line.starts_with("value_file"))
        .filter(|line| !line.contains(".pem\"") && !line.contains(".key\""))
        .filter(|line| {
            !line.starts_with("sasl_mechanism") && !line.starts_with("directory = \"rules\"")
        })
        .filter(|line| !line.starts_with("files = "))
        .collect();
    let directory = directory();
    std::fs::write(
        directory.path().join("claimwire.toml"),
        uncommented.join("\n"),
    )
    .unwrap();
    let secrets = ["KAFKA_PASSWORD", "LIBRARY_PASSWORD", "LIBRARY_KEY"].map(|name| (name, "x"));
    let output = claimwire(directory.path(), &["check"], &secrets);
    assert!(output.status.success(), "{}", errors(&output));
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_nearest_one() {
    insta::assert_snapshot!(refusal("[log]\n\nretenton = \"5d\"\n"), @r#"claimwire: claimwire.toml:3: unknown key "retenton" in [log]; did you mean "retention"?"#);
    insta::assert_snapshot!(refusal("[htpp]\nlisten = \"\"\n"), @r#"claimwire: claimwire.toml:1: unknown section [htpp]; did you mean "http"?"#);
}

#[test]
fn a_value_of_the_wrong_kind_is_named_with_its_line() {
    insta::assert_snapshot!(refusal("[log]\npartitions = \"many\"\n"), @r#"claimwire: claimwire.toml:2: partitions in [log]: invalid type: string "many", expected a whole number"#);
    insta::assert_snapshot!(refusal("[log]\nretention = \"5 years\"\n"), @r#"claimwire: claimwire.toml:2: retention in [log]: "5 years" is not a duration; write one as "250ms", "10s", "5m", "1h30m" or "30d""#);
    insta::assert_snapshot!(refusal("[fetch]\nmax_body = \"big\"\n"), @r#"claimwire: claimwire.toml:2: max_body in [fetch]: "big" is not a size; write one as "512KiB", "10MiB" or "2GB""#);
    insta::assert_snapshot!(refusal("[http]\nlisten = \"8686\"\n"), @r#"claimwire: claimwire.toml:2: listen in [http]: "8686" is not an address and a port; write one as "127.0.0.1:8686" or "[::1]:8686""#);
    insta::assert_snapshot!(refusal("[log\npartitions = 1\n"), @"claimwire: claimwire.toml:1: unclosed table, expected `]`");
}

#[test]
fn a_password_in_the_file_is_refused_and_not_shown() {
    let said = refusal("[kafka]\npassword = \"hunter2\"\n");
    insta::assert_snapshot!(said, @"claimwire: claimwire.toml:2: a password does not belong in a file; name where it is with password_env or password_file, or set CLAIMWIRE_KAFKA_PASSWORD");
    let said = refusal("[kafka.properties]\n\"sasl.password\" = \"hunter2\"\n");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_credential_that_cannot_be_used_is_named_with_its_line() {
    let config = |keys: &str| refusal(&format!("[fetch.credentials.library]\n{keys}"));
    insta::assert_snapshot!(config("user = \"desk\"\n"), @r#"claimwire: claimwire.toml:2: credential "library": user needs password_env or password_file, and they need user"#);
    insta::assert_snapshot!(config("user = \"desk\"\npassword = \"hunter2\"\n"), @r#"claimwire: claimwire.toml:3: unknown key "password" in [fetch.credentials.library]; did you mean "password_env"?"#);
    insta::assert_snapshot!(config("user = \"desk\"\npassword_env = \"NONE\"\n"), @r#"claimwire: claimwire.toml:3: credential "library": password_env: the environment has no variable NONE"#);
    insta::assert_snapshot!(config("header = \"X-Key\"\nvalue_file = \"none\"\n"), @r#"claimwire: claimwire.toml:3: credential "library": value_file: none cannot be read: No such file or directory (os error 2)"#);
    insta::assert_snapshot!(config("headers = { Host = \"a\" }\n"), @r#"claimwire: in [fetch]: the credential `library` sets a header that is not its to set"#);
    insta::assert_snapshot!(config("\n"), @r#"claimwire: claimwire.toml:1: credential "library": it holds nothing: neither user, nor header, nor certificate_file"#);
    let named = feed("news", ("kind", "credential = \"libary\"\nkind"));
    insta::assert_snapshot!(refusal(&named), @r#"claimwire: claimwire.toml:2: credential "libary" is not defined; there is no [fetch.credentials]"#);
    let defined = "[fetch.credentials.library]\nheaders = { X-Key = \"a\" }\n".to_owned();
    insta::assert_snapshot!(refusal(&(defined + &named)), @r#"claimwire: claimwire.toml:4: credential "libary" is not defined; did you mean "library"?"#);
}

#[test]
fn a_way_out_that_cannot_be_used_is_named() {
    insta::assert_snapshot!(refusal("[fetch]\nproxy = \"socks5://a.example\"\n"), @r#"claimwire: in [fetch]: the proxy must be an http, https or socks5h address without a password in it"#);
    insta::assert_snapshot!(refusal("[fetch]\nproxy = \"http://u:hunter2@a.example\"\n"), @r#"claimwire: in [fetch]: the proxy must be an http, https or socks5h address without a password in it"#);
    insta::assert_snapshot!(refusal("[fetch]\ndns = [\"dns.example\"]\n"), @r#"claimwire: claimwire.toml:2: dns in [fetch]: "dns.example" is no DNS server; write its address as "192.0.2.1" or "192.0.2.1:53""#);
    insta::assert_snapshot!(refusal("[fetch]\nallow = [\"0x7f.1\"]\n"), @r#"claimwire: in [fetch]: `0x7f.1` is no address, no network such as 10.0.0.0/8 and no host such as 127.0.0.1:8080"#);
    insta::assert_snapshot!(refusal("[fetch]\nmax_in_flight = \"1MiB\"\n"), @r#"claimwire: in [fetch]: `max_in_flight` must be at least `max_wire` and `max_body` together"#);
}

#[test]
fn feeds_with_one_id_are_named_with_both_lines() {
    let twice = feed("news", ("", "")) + &feed("news", ("", ""));
    insta::assert_snapshot!(refusal(&twice), @r#"claimwire: claimwire.toml:9: the feed "news" is already defined at claimwire.toml:2"#);
}

#[test]
fn a_wrong_feed_is_named_with_its_line() {
    insta::assert_snapshot!(refusal(&feed("news", ("https", "ftp"))), @r#"claimwire: claimwire.toml:3: url of the feed "news": only http and https are fetched, not "ftp""#);
    insta::assert_snapshot!(refusal(&feed("news", ("\"en\"", "\"eng\""))), @r#"claimwire: claimwire.toml:5: language cannot be "eng" in [[feed]]; did you mean "en"?"#);
    insta::assert_snapshot!(refusal(&feed("news", ("GB", "UKR"))), @r#"claimwire: claimwire.toml:6: country "UKR" of the feed "news": two capital letters (ISO 3166-1 alpha-2), EU or XX"#);
    insta::assert_snapshot!(refusal(&feed("news", ("newspaper", "newpaper"))), @r#"claimwire: claimwire.toml:7: kind cannot be "newpaper" in [[feed]]; did you mean "newspaper"?"#);
}

#[test]
fn the_environment_wins_over_the_file() {
    let directory = directory();
    let broken = [("CLAIMWIRE_LOG_PARTITIONS", "0")];
    let said = refused(&claimwire(directory.path(), &["check"], &broken));
    assert!(
        said.ends_with("partitions in [log] is from 1 to 1024"),
        "{said}"
    );
    let set = [
        ("CLAIMWIRE_LOG_KAFKA", "kafka:9092"),
        ("CLAIMWIRE_LOG_PARTITIONS", "3"),
        ("CLAIMWIRE_SAMPLE_ENABLED", "true"),
        ("CLAIMWIRE_FETCH_ALLOW", "[\"10.0.0.0/8\"]"),
        ("CLAIMWIRE_KAFKA_PASSWORD", "hunter2"),
    ];
    let output = claimwire(directory.path(), &["check"], &set);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("Kafka at kafka:9092"), "{said}");
}

#[test]
fn an_unknown_variable_is_an_error_with_the_nearest_one() {
    let directory = directory();
    let typo = [("CLAIMWIRE_HTTP_LISTN", "127.0.0.1:1")];
    insta::assert_snapshot!(refused(&claimwire(directory.path(), &["check"], &typo)), @"claimwire: unknown environment variable CLAIMWIRE_HTTP_LISTN; did you mean CLAIMWIRE_HTTP_LISTEN?");
}

#[test]
fn a_missing_file_is_named() {
    let directory = directory();
    let output = claimwire(directory.path(), &["--config", "none.toml", "check"], &[]);
    insta::assert_snapshot!(refused(&output), @"claimwire: none.toml cannot be read: No such file or directory (os error 2)");
}

#[test]
fn a_document_that_cannot_be_parsed_is_a_status() {
    let directory = directory();
    std::fs::write(directory.path().join("bad.xml"), "this is no feed").unwrap();
    let files = b"bad.xml\nmissing.xml\n";
    let output = fed(
        directory.path(),
        &["parse", "--json", "--batch"],
        &[],
        files,
    );
    assert_eq!(output.status.code(), Some(0));
    let lines = lines(&output);
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&lines[0]["file"], &lines[0]["status"]),
        (&"bad.xml".into(), &"error".into())
    );
    assert_eq!(
        (&lines[1]["file"], &lines[1]["status"]),
        (&"missing.xml".into(), &"error".into())
    );
}

#[test]
fn a_bad_line_is_named_and_the_rest_is_tagged() {
    let directory = directory();
    let input = br#"{"id": "1", "title": "NATO approves the plan", "text": "NATO approved the plan on Monday."}
not json
{"id": "3", "text": "A recipe for soup."}
"#;
    let output = fed(directory.path(), &["tag", "--json"], &[], input);
    assert_eq!(output.status.code(), Some(0));
    let bad: Value = serde_json::from_str(&errors(&output)).unwrap();
    assert_eq!(bad["line"], 2);
    let relevant: Vec<_> = lines(&output)
        .iter()
        .map(|line| line["id"].clone())
        .collect();
    assert_eq!(relevant, ["1"]);

    let output = fed(directory.path(), &["tag", "--json", "--all"], &[], input);
    let all: Vec<_> = lines(&output)
        .iter()
        .map(|line| line["id"].clone())
        .collect();
    assert_eq!(all, ["1", "3"]);
}

#[test]
fn any_input_is_tagged_or_refused_with_a_reason() {
    let document = |id: &str, text: &str| {
        let mut line = serde_json::json!({"id": id, "text": text})
            .to_string()
            .into_bytes();
        line.push(b'\n');
        line
    };
    let input = [
        b"{\"id\": \"invalid\", \"text\": \"NATO \xff\xfe\"}\n".to_vec(),
        document(
            "right-to-left",
            "\u{202e}حلف الناتو NATO أوكرانيا Ukraine\u{202c}",
        ),
        document(
            "zero-width",
            "NA\u{200b}TO \u{feff}said\u{200d} Ukraine\u{2060} will\u{ad} join.",
        ),
        document("word of 10 MB", &"a".repeat(10_000_000)),
        document("commas", &",".repeat(1_000_000)),
        b"x".repeat(100_000_000),
        b"\n".to_vec(),
        document("last", "NATO said Ukraine will join."),
    ]
    .concat();
    let directory = directory();
    let output = fed(directory.path(), &["tag", "--json", "--all"], &[], &input);
    assert!(output.status.success());
    let tagged = lines(&output);
    let ids: Vec<&str> = tagged.iter().filter_map(|one| one["id"].as_str()).collect();
    assert_eq!(ids, ["right-to-left", "zero-width", "commas", "last"]);
    let refused: Vec<Value> = errors(&output)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a reason is JSON"))
        .collect();
    let numbers: Vec<u64> = refused
        .iter()
        .filter_map(|one| one["line"].as_u64())
        .collect();
    assert_eq!(numbers, [1, 4, 6]);
    let reason = |at: usize| refused[at]["error"].as_str().unwrap_or_default();
    assert!(reason(0).contains("unicode"), "{}", reason(0));
    assert_eq!(reason(1), "longer than 1048576 bytes");
    assert_eq!(reason(2), reason(1));
}

#[test]
fn a_port_in_use_is_refused_before_anything_starts() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = directory();
    let output = claimwire(
        directory.path(),
        &["run"],
        &[("CLAIMWIRE_HTTP_LISTEN", &address)],
    );
    let said = refused(&output);
    assert!(said.contains(&address) && said.contains("[http]"), "{said}");
    assert!(!directory.path().join("data").exists());
}

#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    let directory = directory();
    let mut child = Command::new(env!("CARGO_BIN_EXE_claimwire"))
        .arg("schema")
        .current_dir(directory.path())
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), errors(&output)),
        (Some(0), String::new())
    );
}

#[test]
fn an_exported_list_is_imported_as_it_was_and_overwrites_nothing() {
    let directory = directory();
    let path = directory.path();
    let feed = feed(
        "news",
        (
            "publisher = \"News\"",
            "publisher = \"N & \\\"V\\\"\"\ninterval = \"5m\"",
        ),
    );
    std::fs::write(path.join("a.toml"), &feed).unwrap();
    std::fs::write(path.join("one.toml"), "[feeds]\nfiles = [\"a.toml\"]\n").unwrap();
    std::fs::write(path.join("none.toml"), "[feeds]\nfiles = []\n").unwrap();
    std::fs::write(path.join("two.toml"), "[feeds]\nfiles = [\"b.toml\"]\n").unwrap();
    let exported = claimwire(path, &["--config", "one.toml", "feeds", "export"], &[]);
    std::fs::write(path.join("list.opml"), &exported.stdout).unwrap();
    let import = ["feeds", "import", "list.opml", "--write", "b.toml"];

    let known = claimwire(
        path,
        &["--config", "one.toml", "feeds", "import", "list.opml"],
        &[],
    );
    assert!(
        errors(&known).contains("already in the list"),
        "{}",
        errors(&known)
    );
    let imported = claimwire(
        path,
        &[&["--config", "none.toml"][..], &import].concat(),
        &[],
    );
    assert!(imported.status.success(), "{}", errors(&imported));
    let list =
        |config| claimwire(path, &["--config", config, "feeds", "list", "--json"], &[]).stdout;
    assert!(!list("one.toml").is_empty());
    assert_eq!(list("one.toml"), list("two.toml"));
    let again = claimwire(
        path,
        &[&["--config", "none.toml"][..], &import].concat(),
        &[],
    );
    assert!(refused(&again).contains("b.toml cannot be written"));
}
