//! How the limit of a stack is written in a file.

use floodwall::stack::StackConfig;

fn read(text: &str) -> Result<StackConfig, toml::de::Error> {
    toml::from_str(text)
}

#[test]
fn a_limit_is_a_number_a_word_or_bounds() {
    let with = |limit: &str| read(&format!("[concurrency]\nlimit = {limit}\n"));
    for (limit, says) in [
        ("8", "8 inside at once"),
        ("\"adaptive\"", "limit     adaptive"),
        ("{ floor = 4, ceiling = 200 }", "adaptive, 4 to 200"),
        (
            "{ start = 5, latency_ceiling = \"80ms\" }",
            "adaptive, lower while the service takes longer than 80ms",
        ),
    ] {
        let config = with(limit).unwrap();
        let told = config.build().unwrap().describe().to_string();
        assert!(told.contains(says), "{told}");
        // Written and read, in both languages.
        let text = toml::to_string(&config).unwrap();
        assert_eq!(read(&text).unwrap(), config, "{text}");
        let text = serde_json::to_string(&config).unwrap();
        let back: StackConfig = serde_json::from_str(&text).unwrap();
        assert_eq!(back, config, "{text}");
    }
    for (limit, says) in [
        ("\"many\"", "a number, \"adaptive\", or bounds"),
        ("5000000000", "5000000000"),
        ("true", "a number, \"adaptive\", or bounds"),
        ("{ flor = 4 }", "expected one of"),
        ("{ latency_ceiling = \"80\" }", "as 50ms"),
    ] {
        let told = with(limit).unwrap_err().message().to_owned();
        assert!(told.contains(says), "{told}");
    }
    for (limit, field) in [
        ("{ floor = 9, ceiling = 8 }", "ceiling"),
        ("{ floor = 0 }", "floor"),
        ("{ latency_ceiling = \"0s\" }", "latency_ceiling"),
    ] {
        let error = with(limit).unwrap().build().unwrap_err();
        assert_eq!(error.field(), field, "{error}");
    }
}
