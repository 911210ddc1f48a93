//! What a person prefers: theme and keys, from a file.
