"""What the commands of ci/ have in common: how they refuse, and which seeded bugs there are."""

import argparse
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
