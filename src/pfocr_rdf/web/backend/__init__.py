"""Another SPARQL engine behind the same pages and the same protocol.

Queries go to the engine, the backend, as SPARQL over HTTP; what it answers is read and written
again by a query process, which has no store then. The serving process passes bytes on.
"""
