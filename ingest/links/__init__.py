"""Links between neurons: a fine-tune's to its base's."""
