//! Where the picture goes.

use std::{
    fs::File,
    io::{Seek, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;

/// A file that will hold the picture: opened before the run, so that no time is spent in vain.
#[derive(Debug)]
pub(crate) struct PictureFile {
    file: File,
    path: PathBuf,
}

impl PictureFile {
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

    pub(crate) fn write(mut self, picture: &str) -> anyhow::Result<()> {
        self.file
            .set_len(0)
            .and_then(|()| self.file.rewind())
            .and_then(|()| self.file.write_all(picture.as_bytes()))
            .with_context(|| format!("--svg: cannot write to '{}'", self.path.display()))
    }
}
