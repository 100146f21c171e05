"""Another SPARQL engine behind the same pages and the same protocol.

Queries go to that engine, the backend, as SPARQL over HTTP. A query process, which has no store
then, parses its answers and writes them anew; the serving process only passes bytes on.
"""
