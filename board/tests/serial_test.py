#!/usr/bin/env python3
"""usage: serial_test.py IMAGE

What ci/board reads from a board's serial line is judged as what it reads from an emulator: a whole replay, one that
breaks off, and one with a finding. The line is a pseudo-terminal; what comes on it is what IMAGE says in QEMU.
"""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

BOARD = Path(__file__).resolve().parents[2] / "ci" / "board"


def judged(text):
    """ci/board's exit status when this comes on the line, which is gone behind it."""
    ours, theirs = pty.openpty()
    command = [BOARD, "replay", "--serial", os.ttyname(theirs)]
    reader = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in text.splitlines():
        os.write(ours, line.encode() + b"\r\n")
        # The next line is written when this one has been read, so that none is lost with the line.
        while (seen := reader.stdout.readline()) and seen.rstrip() != line:
            pass
    os.close(ours)
    os.close(theirs)
    reader.communicate(timeout=60)
    return reader.returncode


def main(image):
    done = subprocess.run([BOARD, "replay", "--image", image], stdout=subprocess.PIPE, text=True, check=False)
    whole = "U-Boot> go 0x40010000\n" + done.stdout
    half = whole[: len(whole) // 2].rsplit("\n", 1)[0]
    lost = re.sub(r"^ok 7 .*\n", "", whole, flags=re.MULTILINE)
    found = re.sub(r"^ok 7 - (\S+) # digest=.*$", r"not ok 7 - \1 # finding=leak:a socket", whole, flags=re.MULTILINE)
    wrong = [
        f"{name}: exit status {status}, not {wanted}"
        for name, text, wanted in (("whole", whole, 0), ("half", half, 1), ("lost", lost, 1), ("found", found, 1))
        if (status := judged(text)) != wanted
    ]
    print("serial line:", *(wrong or ["judged as it should be"]), sep="\n  ")
    return 1 if wrong or done.returncode != 0 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
