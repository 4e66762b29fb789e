//! Files of text that tests expect.

use std::{env, fs, path::Path};

/// Compares with the file `NAME.expected.txt` beside the code; `FLOODWALL_BLESS=1` rewrites it.
pub(crate) fn check(name: &str, text: &str, expected: &str) {
    if env::var_os("FLOODWALL_BLESS").is_some() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report");
        fs::write(folder.join(format!("{name}.expected.txt")), text).unwrap();
    } else {
        assert_eq!(text, expected, "FLOODWALL_BLESS=1 rewrites it:\n{text}");
    }
}
