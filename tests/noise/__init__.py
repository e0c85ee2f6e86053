"""Every parser of outside input, met with seeded noise."""
