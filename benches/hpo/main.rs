//! The suite of black-box problems.

fn main() {}
