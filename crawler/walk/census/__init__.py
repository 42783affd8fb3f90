"""How many records a list holds by its own count, and whether the walks of a center hold as many (pure).

`total_probe.py` asks one list, `total_steps.py` has the questions; `center_census.py` asks a center before and after
its walks, `census_rows.py` looks whether they hold what it showed.
"""
