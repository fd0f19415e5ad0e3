"""What happened to a client, append only; and the notes, calls and logged mails that staff write there."""
