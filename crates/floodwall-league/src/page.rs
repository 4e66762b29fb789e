use anyhow::Result;

use crate::rows::Row;
use crate::score::League;

pub(crate) fn write(_rows: &[Row], _league: &League) -> Result<()> {
    Ok(())
}
