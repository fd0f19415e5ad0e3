"""The slot engine: which starts are free, and why the others are not, from one list of bars."""
