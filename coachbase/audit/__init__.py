"""Who opened what is kept shut: a code, a file for the coach only. Never what stood in it."""
