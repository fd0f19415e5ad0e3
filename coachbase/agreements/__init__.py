"""Agreements: templates with merge fields, a frozen document, signers in an order, a sealed copy for everybody."""
