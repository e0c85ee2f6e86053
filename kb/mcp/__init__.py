"""The knowledge base as a Model Context Protocol server, for agents."""
