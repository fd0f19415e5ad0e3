"""Drafts, numbers, issued documents, and what was paid of them."""
