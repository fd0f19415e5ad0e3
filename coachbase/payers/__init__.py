"""Who bills and who pays: the firm’s legal data and rates, each payer’s address and demands."""
