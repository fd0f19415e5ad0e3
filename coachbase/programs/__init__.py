"""Program templates, and starting one with a client: everything it creates, in one act."""
