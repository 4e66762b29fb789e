use std::io::Write;

use super::{Trace, TraceRow};
use crate::scenario::ScenarioError;

fn trace(file: &str, speed: f64) -> Trace {
    Trace {
        embedded: None,
        file: file.into(),
        speed,
        deadline: None,
        patience: None,
    }
}

fn read(file: &str, text: &str) -> Result<Vec<TraceRow>, ScenarioError> {
    trace(file, 1.0).read(text.as_bytes())?.collect()
}

fn row(at: u64, class: u8, key: &str, cost: u32) -> TraceRow {
    TraceRow {
        at,
        class,
        key: Some(key.to_owned()).filter(|key| !key.is_empty()),
        cost,
    }
}

const MS: u64 = 1_000_000;

#[test]
fn a_table_is_read_with_its_columns_in_any_order() {
    let text = "time,class,key,cost\n0,0,a,2\n0.000000001,,,\n12ms,7,\"b, c\",1\n1e-1,3,d,1\n";
    assert_eq!(
        read("a.csv", text).unwrap(),
        [
            row(0, 0, "a", 2),
            row(1, 3, "", 1),
            row(12 * MS, 7, "b, c", 1),
            row(100 * MS, 3, "d", 1),
        ]
    );
    let text = "key , time\nx , 1.5\n";
    assert_eq!(read("a.CSV", text).unwrap(), [row(1_500 * MS, 3, "x", 1)]);
    assert_eq!(read("a.csv", "time\n").unwrap(), []);
    let text = "\n\ntime\r\n\r\n1\r\n\r\n2";
    assert_eq!(read("a.csv", text).unwrap().len(), 2);
}

#[test]
fn json_lines_are_read() {
    let text = concat!(
        r#"{"time": 0.5, "class": 0, "key": "a", "cost": 2}"#,
        "\n\n",
        r#"{"time": 1}"#,
        "\n",
        r#"{"cost": null, "key": 17, "time": "1250ms"}"#,
    );
    assert_eq!(
        read("a.jsonl", text).unwrap(),
        [
            row(500 * MS, 0, "a", 2),
            row(1_000 * MS, 3, "", 1),
            row(1_250 * MS, 3, "17", 1),
        ]
    );
}

#[test]
fn the_requests_of_a_second_of_an_access_log_are_spread_over_it() {
    let text = r#"10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 123
10.0.0.2 - frank [10/Oct/2000:13:55:36 -0700] "GET /[x] HTTP/1.1" 200 123 "-" "curl [8]"
::1 - - [10/Oct/2000:22:55:38 +0200] "GET / HTTP/1.1" 200 -
"#;
    assert_eq!(
        read("access.log", text).unwrap(),
        [
            row(0, 3, "10.0.0.1", 1),
            row(500 * MS, 3, "10.0.0.2", 1),
            row(2_000 * MS, 3, "::1", 1),
        ]
    );
}

#[test]
fn a_recording_is_played_faster_or_slower() {
    let at = |speed| {
        let rows = trace("a.csv", speed).read(b"time\n1\n2\n").unwrap();
        rows.map(|row| row.unwrap().at / MS).collect::<Vec<_>>()
    };
    assert_eq!(at(4.0), [250, 500]);
    assert_eq!(at(0.5), [2_000, 4_000]);
}

#[test]
fn a_file_is_read_as_memory_is() {
    let mut file = tempfile();
    file.1.write_all(b"time\n0.25\n").unwrap();
    let path = file.0.display().to_string();
    let rows: Vec<TraceRow> = trace(&path, 1.0)
        .open()
        .unwrap()
        .map(Result::unwrap)
        .collect();
    std::fs::remove_file(&file.0).unwrap();
    assert_eq!(rows, [row(250 * MS, 3, "", 1)]);
    let gone = trace(&path, 1.0).open().err().unwrap();
    assert_eq!((gone.file(), gone.line()), (&*path, None));
    assert!(gone.to_string().contains("cannot be read"), "{gone}");
}

fn tempfile() -> (std::path::PathBuf, std::fs::File) {
    let path = std::env::temp_dir().join(format!("floodwall-trace-{}.csv", std::process::id()));
    let file = std::fs::File::create(&path).unwrap();
    (path, file)
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_what_would_do() {
    let log = |time: &str| format!("h - - [{time}] \"GET / HTTP/1.1\" 200 1\n");
    let (early, late) = ("10/Oct/2000:13:55:36 -0700", "10/Oct/2000:13:55:37 -0700");
    let rows: Vec<(&str, String, usize, [&str; 2])> = vec![
        (
            "a.csv",
            "".into(),
            1,
            ["no column `time`", "time,class,key,cost"],
        ),
        (
            "a.csv",
            "class\n1\n".into(),
            1,
            ["no column `time`", "names the columns"],
        ),
        (
            "a.csv",
            "tme\n1\n".into(),
            1,
            ["unknown column `tme`", "did you mean `time`?"],
        ),
        (
            "a.csv",
            "0.5\n1\n".into(),
            1,
            ["unknown column `0.5`", "`class`, `key`"],
        ),
        (
            "a.csv",
            "time,time\n".into(),
            1,
            ["two columns `time`", "remove one"],
        ),
        (
            "a.csv",
            "time\n1\n0.5\n".into(),
            3,
            ["earlier than the line before", "sort"],
        ),
        (
            "a.csv",
            "\n\ntime\r\n1\r\n\r\n\r\nsoon".into(),
            7,
            ["`soon` is no time", "`1250ms`"],
        ),
        (
            "a.csv",
            "time,key\n1,\"a\nb\"\nsoon,\"c\nd\"".into(),
            4,
            ["`soon` is no time", "`1250ms`"],
        ),
        (
            "a.csv",
            "time\n\nsoon\n".into(),
            3,
            ["`soon` is no time", "`1250ms`"],
        ),
        (
            "a.csv",
            "time\ninf\n".into(),
            2,
            ["`inf` is no time", "`1.25`"],
        ),
        (
            "a.csv",
            "time\n-1\n".into(),
            2,
            ["before the start", "`1.25`"],
        ),
        (
            "a.csv",
            "time,key\n,a\n".into(),
            2,
            ["without its time", "`1.25`"],
        ),
        (
            "a.csv",
            "time\n1700000000\n".into(),
            2,
            ["30 days", "from the start"],
        ),
        (
            "a.csv",
            "time\n99999999999999999999\n".into(),
            2,
            ["30 days", "from the start"],
        ),
        (
            "a.csv",
            "time,class\n1,8\n".into(),
            2,
            ["no class 8", "0 (most urgent) to 7"],
        ),
        (
            "a.csv",
            "time,class\n1,x\n".into(),
            2,
            ["no class x", "to 7"],
        ),
        (
            "a.csv",
            "time,cost\n1,-1\n".into(),
            2,
            ["-1 is no cost", "0 or more"],
        ),
        ("a.csv", "time,cost\n1\n".into(), 2, ["1 fields", "write 2"]),
        (
            "a.csv",
            format!("time,key\n1,\"{}", "x\n".repeat(80_000)),
            2,
            ["longer than 64 KiB", "quotes"],
        ),
        (
            "a.jsonl",
            "{\"time\": 1}\n{\"time\": 0}\n".into(),
            2,
            ["earlier", "sort"],
        ),
        (
            "a.jsonl",
            "{\"time\": true}\n".into(),
            1,
            ["`true` is no time", "`1.25`"],
        ),
        (
            "a.jsonl",
            "{\"key\": \"a\"}\n".into(),
            1,
            ["without its time", "`1.25`"],
        ),
        (
            "a.jsonl",
            "{\"time\": 1, \"class\": 8}\n".into(),
            1,
            ["no class 8", "to 7"],
        ),
        (
            "a.jsonl",
            "{\"time\": 1, \"cost\": 1.5}\n".into(),
            1,
            ["1.5 is no cost", "0 or more"],
        ),
        (
            "a.jsonl",
            "{\"time\": 1, \"key\": []}\n".into(),
            1,
            ["[] is no key", "a text"],
        ),
        (
            "a.jsonl",
            "{\"time\": 1, \"clas\": 1}\n".into(),
            1,
            ["unknown key `clas`", "did you mean `class`?"],
        ),
        (
            "a.jsonl",
            "\n[1]\n".into(),
            2,
            ["no JSON object", "\"class\": 0"],
        ),
        (
            "a.jsonl",
            "{\"time\": 1".into(),
            1,
            ["no JSON object", "on each line"],
        ),
        (
            "a.log",
            format!("{}{}", log(late), log(early)),
            2,
            ["earlier", "sort"],
        ),
        (
            "a.log",
            log("yesterday"),
            1,
            ["`yesterday` is no time", "10/Oct/2000"],
        ),
        (
            "a.log",
            "hello\n".into(),
            1,
            ["no line of an access log", "10/Oct/2000"],
        ),
        (
            "a.log",
            "x".repeat(70_000),
            1,
            ["longer than 64 KiB", "line of its own"],
        ),
    ];
    for (file, text, line, words) in rows {
        let error = read(file, &text).unwrap_err();
        let told = error.to_string();
        let start: String = text.chars().take(60).collect();
        assert_eq!(error.line(), Some(line), "{start}: {told}");
        assert!(told.starts_with(&format!("{file}:{line}: ")), "{told}");
        for word in words {
            assert!(told.contains(word), "{start}: no {word:?} in {told}");
        }
    }
    assert!(
        read("a.xls", "")
            .unwrap_err()
            .to_string()
            .contains("`.csv`")
    );
}

#[test]
fn after_a_fault_nothing_more_is_read() {
    let mut rows = trace("a.csv", 1.0).read(b"time\n1\nx\n2\n").unwrap();
    assert!(rows.next().unwrap().is_ok());
    assert!(rows.next().unwrap().is_err());
    assert!(rows.next().is_none());
}

/// A recording of which nobody could hold all.
struct Endless(u64, Vec<u8>);

impl std::io::Read for Endless {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        if self.1.is_empty() {
            self.0 += 1;
            self.1 = format!("{}ms,someone\n", self.0).into_bytes();
        }
        let n = to.len().min(self.1.len());
        to[..n].copy_from_slice(&self.1[..n]);
        self.1.drain(..n);
        Ok(n)
    }
}

#[test]
fn a_recording_is_read_as_it_comes() {
    let endless = Endless(0, b"time,key\n".to_vec());
    let rows = trace("a.csv", 1.0).reader(Box::new(endless)).unwrap();
    let last = rows.map(Result::unwrap).nth(199_999).unwrap();
    assert_eq!(last.at, 200_000 * MS);
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(0_u8.., 0..200), text in "[0-9a-z,:/\\[\\]{}\" \n.-]{0,80}") {
        let csv = format!("time,class,key,cost\n{text}");
        let log = format!("h - - [10/Oct/2000:13:55:36 -0700] x\nh [{text}]");
        for (file, bytes) in [
            ("a.csv", &bytes[..]),
            ("a.csv", csv.as_bytes()),
            ("a.jsonl", &bytes),
            ("a.jsonl", text.as_bytes()),
            ("a.log", &bytes),
            ("a.log", log.as_bytes()),
        ] {
            if let Ok(rows) = trace(file, 1.0).read(bytes) {
                for _ in rows {}
            }
        }
    }
}
