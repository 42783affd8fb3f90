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
            -> delivery.py E  how it leaves, when that is not at once and whole

What it can be told is in settings.py, and whom it lets in in identity.py, a part of that. What it remembers is in
service.py: grants.py (what was issued and ends) and locks.py (keys that failed too often). All of it is told the time.

Rows are kept in shelf.py and come from inventory.py: from a seed (synthetic.py) or a file of NDJSON. What is
done wrong on purpose is in faults.py: the protocol in fault.py, the faults in paging_, body_, delivery_, refusal_,
dialect_, drift_ and token_faults.py, some of each by chance in mishap_faults.py; compression.py is what bodies need.

Below HTTP, proxy.py E stands in front of a server and does to the bytes what wire_faults.py P says.

All of these are P; only server.py, delivery.py and proxy.py are E.
"""
