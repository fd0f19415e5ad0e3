"""Ways in to a vendor's instrument: codes in stock, given out, come back; and what they cost."""
