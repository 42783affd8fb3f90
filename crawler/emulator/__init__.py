"""The same API, served: a faithful double of GET /v2/manage/shared-repositories that can be made to fail.

    request -> server.py E    socket, clock, chance, counters; asks throttle.py P and cache.py P
            -> gate.py P      route, then token or signature.py P: who is let in
            -> respond.py P   one function per route:
                 query.py        text -> Query, or a refusal
                 selection.py    Query -> rows of the inventory
                 page.py         rows -> page -> bytes
                 iam.py          tokens for a password, projects by name
                 metadata.py     temporary keys, after a handshake
            -> answer.py P    status, headers, body; the families of error bodies

What it can be told is in settings.py, and whom it lets in in identity.py, a part of that. What it remembers is in
service.py: grants.py (what was issued and ends) and locks.py (keys that failed too often). All of it is told the time.

Rows are kept in shelf.py and come from inventory.py: from a seed (synthetic.py) or a file of NDJSON. What is
done wrong on purpose is in faults.py: the protocol in fault.py, the faults in paging_, refusal_, drift_, dialect_ and
token_faults.py. All of these are P; only server.py is E.
"""
