"""What a store says of neurons, models and runs: one file a noun, with the record and how it is read."""
