"""swr-crawler: an inventory you can prove.

Reads the whole list of shared images of a container registry service (SWR) and writes it to disk once,
or says exactly what is missing. How the data flows, and where to read on:

    config -> plan -> [ walk <-> engine <-> client ] -> page -> record -> spool -> publish -> snapshot
     P         P         P        E          E           P       P         E        E

- `config`, `settings`   P  what the user wrote becomes one frozen Config; one table of all settings
- `errors`               P  what went wrong, sorted by what to do next
- `api/`                    what the service speaks: `query`, `coding`, `page` and `record` P (it stands on `cutting`,
                            `item`, `odd_items`, `reading`, `reject` and `times` P), `client` E with its `pace`,
                            `allowance` and `watch` E (how fast, how much at a time, how long); and who asks:
                            `credentials` P (which ones win), `secret` E, `signing` P, `auth` E (fetched and renewed)
- `walking/`                what to ask next: `plan` P, `passes` and `walk` P (the state machine; its keys are
                            `seen` P), `target` and `asking` E (one window until it is settled), `engine` E (the
                            only starter of tasks), `publisher` E (of what has ended), `room` E (who asks now),
                            `crowd` P (how many may at a time); `discovery` E and `coverage` P (which namespaces
                            there are, what none of them covered)
- `snapshot/`               what is kept: `spool` E with its `journal` P, `publish` and its `shelf` E, `manifest` P,
                            `workspace` E (lock, resume) and `earlier` E (what an interrupted run had published);
                            `reader` and `verify` E; `diff` P and `join` E (two of them compared)
- `audit/`                  what is found in a snapshot: `catalogue`, `rules` and `growth` P (what there is to find),
                            `policy` and `sieve` P (what is let pass), `finding`, `digest`, `listing`, `sarif`,
                            `junit` P (how it is told), `auditing` and `telling` E
- `report/`                 one HTML file for people: `figures`, `proof` and `news` P (what is counted and told),
                            `listing` and `plots` P (how it is shown), `page` and `making` E
- `emulator/`               the same API, served: pure but for `server`, `delivery` and `proxy` E
- `run`, `survey`        E  one crawl, and what it would cost; `targets` and `keys` are what both need, `store` is
                            the spool and the shelf as the engine sees them
- `summary` P, `progress` E, `logs` E     what people see
- `comparison` E with its `changes` P, `sql` E with its `cells` P     what `diff` and `query` put together and print
- `cli`, `command`, `demo`, `extras`   E  flags, and what each command puts together

P is pure: no await, no I/O, no clock, no chance, no logging. E is an edge. tests/test_house.py holds us to it.
Start with `walking/walk.py`: its first lines are what the whole project promises.
"""

__version__ = "0.1.0"
