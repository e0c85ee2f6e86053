"""The verbs over HTTP, for pages and programs on this machine."""
