"""Search by meaning: evidence as unit vectors in memory-mapped files, asked exactly."""
