//! Networks and their search spaces.
