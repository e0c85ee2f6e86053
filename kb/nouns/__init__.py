"""What users name and ask: one file a noun."""
