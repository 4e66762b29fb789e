//! Where the picture goes.

use std::{
    fs::File,
    io::{Seek, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::demo::report::Report;

/// A file that will hold the picture: opened before the demo, so that half a minute is not spent in vain.
#[derive(Debug)]
pub(crate) struct Picture {
    file: File,
    path: PathBuf,
}

impl Picture {
    pub(crate) fn create(path: &Path) -> anyhow::Result<Self> {
        // What is there stays until there is something better.
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .with_context(|| {
                let path = path.display();
                format!("--svg: cannot write to '{path}'; name a file in a directory that exists and is yours")
            })?;
        Ok(Self {
            file,
            path: path.to_owned(),
        })
    }

    pub(crate) fn write(mut self, report: &Report) -> anyhow::Result<()> {
        let picture = super::render(report)?;
        self.file
            .set_len(0)
            .and_then(|()| self.file.rewind())
            .and_then(|()| self.file.write_all(picture.as_bytes()))
            .with_context(|| format!("--svg: cannot write to '{}'", self.path.display()))
    }
}
