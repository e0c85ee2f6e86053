"""`python -m neuronkb` is the neuronkb command."""

from neuronkb.kb.cli.main import main

main()
