"""What jobs and verbs take in: models, neurons, corpora, features, and what the store knows already."""
