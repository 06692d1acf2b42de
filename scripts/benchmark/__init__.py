"""The benchmark: its load driver, its echo, its servers and its measures. Run by scripts/bench."""
