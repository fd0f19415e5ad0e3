"""What can be proved later: audit trails that cannot be changed, sealed PDFs, and the page that checks a PDF."""
