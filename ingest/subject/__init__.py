"""The model under study: its files, its MLPs, its vocabulary. Reads weights; never builds the model."""
