"""Sessions, who comes, what became of them, and the ledger that only grows."""
