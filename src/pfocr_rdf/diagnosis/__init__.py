"""What is wrong with a query, and why one that is right finds nothing.

:mod:`pfocr_rdf.diagnosis.syntax` says the first, :mod:`pfocr_rdf.diagnosis.reasons` the second.
"""
