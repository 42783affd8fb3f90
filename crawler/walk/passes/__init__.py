"""One pass of a walk: reads every window once, and says what the pages prove (pure).

    First -- page, total -----> Declared -- all read, as many rows as declared --> Straddle, Witness or Probe
      |                          |  ^ |                                               |        |
      | no total                 |  '-|------------ another total than before --------'        | more rows than declared
      v                          |    |                                                        v
    Open <-----------------------|----|-----------------------------------------------------  Open
      |                          |    |
      | nothing new              |    '-- one short page, a census vouches --> Resting -- it does --> Done
      v                          v                                               '-- it does not --> a question
    Done                       Done: lost windows, totals or rows that do not add up, or the end was seen

- First: the first window is in flight; its response decides how the pass goes on (first.py).
- Declared: a total (`total_range`, see swr/page.py) says where the walk stops. Any number of windows may be in flight;
  responses come in any order (first.py).
- Straddle, Witness, Probe: as many rows were read as declared. Is that the end of the list? (questions.py)
- Open: no total says where it ends. One window is in flight at a time, up to the first page that holds nothing new
  (open.py).
- Resting: one short page was read. The walk waits for a census of its center (walk/census/center_census.py).

The laws:
- No decision depends on windows in flight: after a crash only the settled ones are known (crawl/resume.py).
- An event that is not possible in the state raises WalkError and changes nothing.
"""
