"""How each job is opened in a knowledge base, and what becomes of its evidence."""
