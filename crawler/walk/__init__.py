"""Which window to request next, and what the pages prove (pure).

`walk.py` holds the laws, `passes/` the states of one pass, `judgement.py` the table of verdicts, `census/` what a whole
center declares, `retry_policy.py` what follows a failure, `concurrency_limit.py` how many requests are in flight,
`plan.py` which walks there are.
"""
