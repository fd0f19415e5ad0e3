"""Drafts, issued documents, and what was paid of them."""
