# List the commands.
default:
    @just --list

# Run the quickstart study with the dashboard.
quickstart:
    cargo run --release -- studies/quickstart.toml

# All that continuous integration checks.
ci:
    .ci/run

# The tests, with nextest where it is installed.
test:
    cargo nextest run || cargo test

# Look at changed screen snapshots one by one (needs cargo-insta).
snapshots:
    cargo insta review

# Time the convolution kernel against candle's own operations, and the baselines against what is promised.
bench:
    cargo bench --bench conv
    cargo bench --bench baselines
