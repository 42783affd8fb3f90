"""The benchmark: our crawl against floors that do less and peers that do the same, alternating, as whole processes.

`make bench` runs it (`make bench-quick` in under a minute); `python -m tests.bench --help` lists the options.

- `workloads`         what is crawled, and the goals; `job` what every subject is given
- `subjects`          the programs that are compared, and how each is started: ours, `floors/`, `peers/` (other venv)
- `server`            what all of them crawl: a process of its own that counts requests, bytes and its processor time
- `schedule`          the order of the trials; `trials` runs them
- `measurement`       one process, from its start to its end: wall time, processor time, peak memory
- `output_check`      the records that a subject wrote: a trial whose output is wrong does not count
- `metrics`           spreads, ratios and goals; `table` and `performance_page` show them

Wall times need a quiet machine; processor times are less sensitive. On a virtual machine whose host reclaims free
memory, the first use of each memory page is expensive, also for the disk cache: subjects that write more wait longer.

Only modules named `test_*` are tests. The server is not the bottleneck while it is idle for most of the wall time: each
table shows the share of it in which the server was at work, and a share above 0.8 is pointed out.
"""
