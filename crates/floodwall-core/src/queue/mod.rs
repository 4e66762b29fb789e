//! The bounded queue, ordered by priority.
