"""Findings that follow a fine-tune: what was noted of a base's neuron, judged on the fine-tune's."""
