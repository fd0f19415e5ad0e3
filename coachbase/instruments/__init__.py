"""The instruments a firm works with, whose they are, and batteries of them."""
