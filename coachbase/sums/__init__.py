"""What lines add up to: the one reckoning behind every document, page, file and report."""
