"""Explanations that others published: OpenAI's, Delphi's, Neuronpedia's and SAEDashboard's files as evidence."""
