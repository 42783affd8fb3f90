"""How fast: our crawl against floors that do less and peers that do the same, in turns, as whole processes.

`make bench` runs it (`make bench-quick` in under a minute); `python -m tests.bench --help` tells the rest.

- `workloads`      what is crawled, and what must be reached; `job` what every contender is told
- `contenders`     who takes part and how each is started: ours, `floors/`, `peers/` (these in a venv of their own)
- `server`         what they all ask: a process of its own that counts requests, bytes and its own processor time
- `measuring`      one process, from its start to its end: wall, processor time, peak memory
- `checking`       what a contender left on the disk: a run whose output is wrong is not counted
- `rounds`         who runs after whom; `figures` and `table` what comes of it; `readme` puts it there

Wall times want a quiet machine; processor times forgive more. On a virtual machine whose host takes free memory back,
every page that a run touches first, the disk cache's too, costs some 1.7 s a gigabyte: whoever writes more pays more.

Nothing here is a test but the files named so. The server is not the bottleneck when it is idle for most of the wall
time of whoever asks: each run says which share of it the server was at work, and a share above 0.8 is pointed out.
"""
