# A training that studies/command.toml tunes: its loss falls over the epochs to what its settings allow.
# The parameters are in the environment; those without effect in a trial are not set.
awk -v kind="$TUNE_TUI_PARAM_KIND" -v rate="$TUNE_TUI_PARAM_RATE" -v depth="$TUNE_TUI_PARAM_DEPTH" \
    -v leaf="${TUNE_TUI_PARAM_LEAF:-1}" -v epochs="$TUNE_TUI_PARAM_EPOCHS" -v seed="$TUNE_TUI_SEED" 'BEGIN {
    srand(seed)
    if (kind == "linear") best = 0.30 + 0.02 * (log(rate) - log(0.03)) ^ 2
    else best = 0.25 + 0.01 * (depth - 6) ^ 2 + 0.01 * log(leaf) + 0.02 * rand()
    for (epoch = 1; epoch <= epochs; epoch++) {
        system("sleep 0.02")
        loss = best + exp(-epoch / 4)
        printf "{\"step\": %d, \"score\": %.6f}\n", epoch, loss
        fflush()
    }
    printf "{\"score\": %.6f}\n", loss
}'
