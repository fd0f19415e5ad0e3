"""Periods and ages, as the books count them."""
