"""Fixtures that several test files share."""

from hypothesis import settings

# The same examples on every run and every machine, and no database of examples on disk.
settings.register_profile("pfocr", derandomize=True, database=None, deadline=None, max_examples=200)
settings.load_profile("pfocr")
