"""Pathway Figure OCR as linked data: records in, a release of RDF out."""

__version__ = "0.1.0"
