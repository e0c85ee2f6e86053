"""`python -m neuronkb` is the neuronkb command."""

from neuronkb.kb.cli import main

main()
