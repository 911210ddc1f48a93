//! Tests over whole study files.
