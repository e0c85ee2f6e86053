"""Language models as helpers: asked for text and for probabilities, remote or local, each prompt once."""
