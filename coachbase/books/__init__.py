"""What an accountant and an owner read of all invoices."""
