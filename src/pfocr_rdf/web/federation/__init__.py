"""SERVICE, safely: queries that join the release with other endpoints.

What is asked is planned in a process of its own (``planner``, ``plan``); partners are asked by
the serving process (``client``), for those on a list alone (``partners``, ``addresses``); and
what remains of the query is answered by a query process, which cannot reach a network.
"""
