"""Finding a time with several people: real free times held for them, until all accept one."""
