"""The SPARQL endpoint and the pages over HTTP; a slow query keeps no other client waiting."""
