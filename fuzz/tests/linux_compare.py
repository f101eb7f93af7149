#!/usr/bin/env python3
"""usage: linux_compare.py PROGRAM CORPUS

`PROGRAM compare` over seeds in which little depends on time: no difference to Linux is left without its reason, and it
says what it cannot compare. With a program that has a seeded bug it says where that one parts.

Exit status: 0 as it should be, 1 not so, 77 this machine cannot make network namespaces.
"""

import json
import subprocess
import sys
from pathlib import Path

SEEDS = ("handshake", "story-peer-closes-first", "story-user-closes-first", "data-after-close", "out-of-order", "overlap", "udp", "ping",
         "bad-calls", "simultaneous-open", "rst-in-established", "rst-in-syn-received", "rst-in-time-wait", "syn-received-bad-ack")
LEFT_OUT = ("servers", "keepalive")
BUG = "closed-port-is-silent"
CANNOT = 77


def compare(program, *files, jobs=1):
    command = [program, "compare", "--patience", "5", "--json", "--jobs", str(jobs), *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 2:
        print(done.stderr.strip())
        sys.exit(CANNOT if "namespace" in done.stderr or "TAP" in done.stderr else 1)
    return done.returncode, json.loads(done.stdout)


def unexplained(comparison):
    return [p for p in comparison["partings"] if p["accepted"] is None]


def main(program, corpus):
    seeds = Path(corpus) / "seeds"
    _, all_of_them = compare(program, *(seeds / f"{s}.scenario" for s in SEEDS))
    failures = [f"{c['file']}: {p}" for c in all_of_them if "partings" in c for p in unexplained(c)]
    _, side_by_side = compare(program, *(seeds / f"{s}.scenario" for s in SEEDS), jobs=len(SEEDS))
    if [c["file"] for c in side_by_side] != [c["file"] for c in all_of_them]:
        failures.append("side by side they come in another order")
    status, left_out = compare(program, *(seeds / f"{s}.scenario" for s in LEFT_OUT))
    if status != 0 or not all("left_out" in c for c in left_out):
        failures.append(f"not left out: {left_out}")
    status, (bugged,) = compare(f"{program}.{BUG}", Path(corpus) / "regressions" / f"{BUG}.scenario")
    if status != 1 or not unexplained(bugged):
        failures.append(f"{BUG} is not told from Linux")
    print(*failures, sep="\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
