//! Rates: quotas and what enforces them.
