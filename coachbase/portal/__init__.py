"""The page behind one link: what is asked of a client, of a client's assistant, of a sponsor contact."""
