"""What of a program is to be billed, when; drafts by the clock; what does not fit together."""
