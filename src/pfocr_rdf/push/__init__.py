"""A release in another store: sent in chunks, or loaded by the store's own bulk loader."""
