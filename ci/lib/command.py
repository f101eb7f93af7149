"""What the commands of ci/ have in common: how they refuse, and which seeded bugs there are."""

import argparse
import ctypes
import signal
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class CannotRun(Exception):
    """Ends the program with exit status 2 and one line."""


class OneLineParser(argparse.ArgumentParser):
    def error(self, message):
        raise CannotRun(f"{message}; see --help")


def bug_names():
    return sorted(p.stem for p in (ROOT / "fuzz" / "bugs").glob("*.patch"))


def check_bug(name):
    if name and name not in bug_names():
        raise CannotRun(f"no seeded bug '{name}'; there are: {', '.join(bug_names())}")


def git(*args, root=ROOT):
    """What it says; what it cannot do is one line."""
    done = subprocess.run(["git", "-C", root, *args], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        why = (done.stderr.strip().splitlines() or ["it does not say why"])[-1]
        raise CannotRun(f"git {args[0]}: {why}")
    return done.stdout.rstrip("\n")


def die_with_parent():
    """In a child, before it begins: who is killed with -9 can tell nobody to stop."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
