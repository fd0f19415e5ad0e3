"""One row per client and instrument, from set-up to release, across vendors."""
