"""Programs that show what neuronkb is for; not part of the installed package."""
