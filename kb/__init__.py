"""What users hold: stores, the loader, KnowledgeBase and the command line."""
