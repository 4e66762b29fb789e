pub(in crate::http) mod quoted;
