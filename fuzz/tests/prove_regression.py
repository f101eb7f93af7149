#!/usr/bin/env python3
"""usage: prove_regression.py PROGRAM SCRIPT

A regression is proven by the seeded bug that it caught: PROGRAM must find nothing, and PROGRAM.BUG the
signature that the script's header names. A header with "// needs: memory" or "// needs: assertions" says that it takes
a build with MemorySanitizer, or with the stack's assertions.
"""

import json
import re
import subprocess
import sys


def header(script):
    with open(script, encoding="utf-8") as f:
        return dict(re.findall(r"^// (bug|signature|fixed|needs): (.+)$", f.read(), re.MULTILINE))


def replay(program, script):
    done = subprocess.run([program, "run", "--json", script], stdout=subprocess.PIPE, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{program}: exit status {done.returncode}")
    return json.loads(done.stdout)[0]


def main(program, script):
    head = header(script)
    for key in ("bug", "signature", "fixed"):
        if key not in head:
            sys.exit(f"{script}: no '// {key}: ...' in the header")
    fixed = replay(program, script)
    if fixed["finding"] is not None:
        sys.exit(f"found without the bug: {fixed['finding']['signature']}")
    bugged = replay(f"{program}.{head['bug']}", script)
    if bugged["finding"] is None:
        sys.exit(f"not found with {head['bug']}")
    if bugged["finding"]["signature"] != head["signature"]:
        sys.exit(f"with {head['bug']}: {bugged['finding']['signature']}, not {head['signature']}")
    print(f"{head['bug']}: {head['signature']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
