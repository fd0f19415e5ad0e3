"""The palette: one question over everything this person may see, and where to go."""
