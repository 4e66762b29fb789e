use crate::rows::Row;
use crate::score::League;

pub(crate) struct Bar {
    pub(crate) holds: Option<bool>,
}

pub(crate) fn all(_rows: &[Row], _league: &League) -> Vec<Bar> {
    Vec::new()
}

pub(crate) fn show(_bars: &[Bar]) -> String {
    String::new()
}
