"""The human audit: which items are drawn, the sheet people fill in, and what comes back."""
