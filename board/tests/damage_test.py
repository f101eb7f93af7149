#!/usr/bin/env python3
"""usage: damage_test.py IMAGE PANIC CALLER

An image with one kind of damage in it says PANIC at its end and CALLER among the callers, and ends with exit status 1:
it neither hangs nor goes on. Time is virtual, by instructions.
"""

import re
import subprocess
import sys
from pathlib import Path

BOARD = Path(__file__).resolve().parents[2] / "ci" / "board"
SECONDS = 120  # of the host's, for what needs less than one


def main(image, panic, caller):
    command = [BOARD, "run", image, "--net", "none", "--icount"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=SECONDS, check=False)
    print(done.stdout)
    found = done.stdout.count(f"PANIC: {panic}") == 1 and re.search(rf"^Called from {caller}\+[0-9a-f]+ -- ", done.stdout, re.M)
    return 0 if found and done.returncode == 1 else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
