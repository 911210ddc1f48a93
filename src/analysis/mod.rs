//! Pure functions of the history: what the screens and reports show.
