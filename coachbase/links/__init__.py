"""Public links: one row per token, stored hashed, of one kind and for one subject; issue, open, revoke."""
