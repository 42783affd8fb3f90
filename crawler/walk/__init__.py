"""Which window to request next, and what the pages prove (pure).

`walk.py` holds the laws, `passes.py` the states of one pass, `retry_policy.py` what follows a failure,
`concurrency_limit.py` how many requests are in flight, `plan.py` which walks there are.
"""
