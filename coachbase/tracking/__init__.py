"""What vendors say about who has finished: their lists, read and matched with what we know."""
