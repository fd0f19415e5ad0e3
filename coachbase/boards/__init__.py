"""Boards, their stages, and the cards on them in an order made by hand."""
