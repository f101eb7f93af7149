"""What the commands of ci/ have in common: how they refuse and end, build and replay, and which seeded bugs there are."""

import argparse
import ctypes
import json
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class CannotRun(Exception):
    """Ends the program with exit status 2 and one line."""


class OneLineParser(argparse.ArgumentParser):
    def error(self, message):
        raise CannotRun(f"{message}; see --help")


def exit_status(command, say, again=""):
    """What command() returns; 2, after one line, where it could not run or was interrupted. `again`: what the user may do
    then."""
    try:
        return command()
    except CannotRun as e:
        say(str(e))
    except OSError as e:
        say(f"{e}{again}")
    except KeyboardInterrupt:
        say(f"interrupted{again}")
    return 2


def end_on_sigterm():
    """As on Ctrl-C, so that what was begun is put in order."""

    def interrupt(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


def speaker(name):
    def say(text):
        print(f"{name}: {text}", file=sys.stderr, flush=True)

    return say


def positive(text):
    """For arguments."""
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def build(preset, *targets):
    if subprocess.run([ROOT / "ci" / "build", preset, *targets], check=False).returncode != 0:
        raise CannotRun("it does not build")


def replayed(program, *files_and_flags):
    """What `kyufuzz run --json` says of each file; nothing at all where it does not run, or cannot read one."""
    command = [str(c) for c in (program, "run", "--json", *files_and_flags)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        return []


def signature_of(run):
    """Of one that replayed() has told of; None: nothing was found."""
    return run["finding"] and run["finding"]["signature"]


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


def write_whole(path, text):
    """The file is as it was, or all of the text is there."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.rename(path)


def die_with_parent():
    """In a child, before it begins: who is killed with -9 can tell nobody to stop."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
