"""What came in at the bank, and which invoice it pays."""
