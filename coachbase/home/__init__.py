"""Today: what to do now and who is waited on. Reads every room, writes to none."""
