"""What stands in a coaching log, and for whom (ICF: at least name or organisation, dates, hours, paid or pro bono)."""
