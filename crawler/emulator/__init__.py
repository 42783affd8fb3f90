"""The same API, served: a faithful double of GET /v2/manage/shared-repositories that can be made to fail.

    request -> server.py E    socket, clock, chance, counters; asks throttle.py P and cache.py P
            -> respond.py P   route and token, then:
                 query.py      text -> Query, or a refusal
                 selection.py  Query -> rows of the inventory
                 page.py       rows -> page -> bytes
            -> answer.py P    status, headers, body; the two families of error bodies

Rows are kept in shelf.py and come from inventory.py: from a seed (synthetic.py) or a file of NDJSON. What is
done wrong on purpose is in faults.py: the protocol in fault.py, the faults in paging_, refusal_ and
drift_faults.py. All of these are P; only server.py is E.
"""
