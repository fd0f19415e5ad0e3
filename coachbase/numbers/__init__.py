"""Series of numbers for documents: each number once, none missing, and none given out again after a restore."""
