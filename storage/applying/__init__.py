"""Steps take effect: what each action changes in the memory of a batch, by what it is about."""
