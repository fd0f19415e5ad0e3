"""Many sessions at once: a whole cadence, and the smallest change when a coach falls ill or a start slips."""
