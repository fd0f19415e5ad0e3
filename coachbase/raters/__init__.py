"""Who is asked about a client, in which group, and whether they have answered; the client sees counts only."""
