"""How evidence goes into a store, and out of it: one way, that survives a kill at any point."""
