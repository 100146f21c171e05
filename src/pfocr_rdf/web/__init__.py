"""The SPARQL endpoint: from a request over HTTP to an answer that nobody else has to wait for."""
