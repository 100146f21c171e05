"""SERVICE, safely: queries that join the release with other endpoints.

A separate process plans the query (``planner``, ``plan``). The serving process asks the partners
(``client``), and only those on a list (``partners``, ``addresses``). What remains of the query is
answered by a query process, which cannot reach a network.
"""
