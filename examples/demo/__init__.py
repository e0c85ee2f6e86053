"""The demo: a real trained model, a fine-tune of it made on the spot, and what neuronkb finds in both."""
