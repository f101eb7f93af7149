"""kyufuzz bisect: the commit that introduced or fixed a finding.

Builds kyufuzz as it was at commits between the two, in a work tree and a build folder of its own (build/bisect/), and
replays the file with each. What has been built stays there, by content: a commit that changes no source costs nothing.

Exit status: 0 the commit is found, 2 it could not run, or commits that do not build hide it.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from command import ROOT, CannotRun, OneLineParser, exit_status, git, replayed, signature_of, speaker
from engines import SCENARIO_SECONDS, TARGETS

CACHE = ROOT / "build" / "bisect"
SOURCES = ("CMakeLists.txt", "CMakePresets.json", "stack", "sanitizers", "fuzz", "corpus", "ci")  # that a program is made of
NOTHING, CANNOT = "nothing found", None
say = speaker("kyufuzz bisect")


def parse(argv):
    p = OneLineParser(prog="kyufuzz bisect", description=__doc__.splitlines()[0].split(": ", 1)[1],
                      epilog="Exit status: 0 the commit is found, 2 it could not run, or commits that do not build hide it.")
    p.add_argument("file", help="an input, a script, or a finding's bundle")
    p.add_argument("--good", required=True, metavar="REV", help="where nothing is found; it may be the later one")
    p.add_argument("--bad", required=True, metavar="REV", help="where it is found")
    p.add_argument("--repository", default=ROOT, type=Path, metavar="DIR", help="whose commits (default: this clone)")
    p.add_argument("--target", default="fuzz_stack", choices=TARGETS, help="that reads the input (default: %(default)s)")
    p.add_argument("--build", default="asan", metavar="PRESET", help="default: %(default)s")
    return p.parse_args(argv)


def input_of(name):
    """Of a bundle the script, which a program of any time reads best."""
    path = Path(name).absolute()
    if path.is_dir():
        path = next((path / f for f in ("minimized.scenario", "input") if (path / f).exists()), path)
    if not path.is_file():
        raise CannotRun(f"{name}: no input, script or bundle")
    return path


class History:
    """The programs of a repository's commits."""

    def __init__(self, repository, preset):
        self.repository, self.preset = repository, preset
        self.tree = CACHE / "tree"
        self.programs = CACHE / "programs"
        self.programs.mkdir(parents=True, exist_ok=True)

    def git(self, *args):
        return git(*args, root=self.repository)

    def content(self, commit):
        parts = [self.git("ls-tree", commit, "--", s) for s in SOURCES]
        return hashlib.sha256("\n".join([self.preset, *parts]).encode()).hexdigest()[:20]

    def program(self, commit):
        """None: it does not build."""
        kept = self.programs / self.content(commit)
        broken = kept.with_suffix(".broken")
        if broken.exists():
            return None
        if not kept.exists():
            say(f"building {self.git('log', '-1', '--format=%h %s', commit)}")
            if not self.build(commit, kept):
                broken.touch()
                return None
        return kept

    def build(self, commit, kept):
        self.check_out(commit)
        build = CACHE / f"build-{self.preset}"
        configure = ["cmake", "--preset", self.preset, "-B", build]
        for command in (configure, ["cmake", "--build", build, "--target", "kyufuzz"]):
            if subprocess.run(command, cwd=self.tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
                return False
        new = kept.with_suffix(".new")
        shutil.copy2(build / "fuzz" / "kyufuzz", new)
        new.rename(kept)
        return True

    def check_out(self, commit):
        """Only what differs is written, so that only that is compiled."""
        index = CACHE / "index"
        env = dict(os.environ, GIT_INDEX_FILE=str(index), GIT_DIR=self.git("rev-parse", "--absolute-git-dir"),
                   GIT_WORK_TREE=str(self.tree))
        self.tree.mkdir(exist_ok=True)
        for command in (["read-tree", "--reset", "-u", commit], ["clean", "-qfdx"]):
            done = subprocess.run(["git", *command], cwd=self.tree, env=env, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise CannotRun(f"git {command[0]}: {done.stderr.strip()}")


class Search:
    def __init__(self, args):
        self.args = args
        self.file = input_of(args.file)
        self.history = History(args.repository, args.build)
        self.seen = {}

    def outcome(self, commit):
        """The signature that is found there, NOTHING, or CANNOT."""
        if commit not in self.seen:
            program = self.history.program(commit)
            self.seen[commit] = self.replay(program) if program else CANNOT
            named = self.history.git("log", "-1", "--format=%h %s", commit)
            say(f"{named}: {self.seen[commit] or 'cannot be judged'}")
        return self.seen[commit]

    def replay(self, program):
        runs = replayed(program, "--target", self.args.target, "--timeout", SCENARIO_SECONDS, self.file)
        return signature_of(runs[0]) or NOTHING if runs else CANNOT

    def commits(self):
        """From the earlier of the two, which is among them, to the later."""
        good, bad = (self.history.git("rev-parse", "--verify", f"{r}^{{commit}}") for r in (self.args.good, self.args.bad))
        for first, last in ((good, bad), (bad, good)):
            between = self.history.git("rev-list", "--reverse", "--first-parent", f"{first}..{last}").splitlines()
            if between and self.history.git("merge-base", first, last) == first:
                return [first, *between], first == good
        raise CannotRun(f"neither of {self.args.good} and {self.args.bad} comes before the other")

    def run(self):
        commits, introduced = self.commits()
        ends = {self.args.good: commits[0 if introduced else -1], self.args.bad: commits[-1 if introduced else 0]}
        for name, commit in ends.items():
            found, wanted_bad = self.outcome(commit), name == self.args.bad
            if found is CANNOT:
                raise CannotRun(f"{name} cannot be judged: it does not build, or cannot read the file")
            if (found != NOTHING) != wanted_bad:
                raise CannotRun(f"{name} is not {'bad' if wanted_bad else 'good'}: {found}")
        low, high = 0, len(commits) - 1  # low is as at the beginning, high as at the end
        while (middle := self.judged_between(commits, low, high)) is not None:
            as_at_the_end = (self.outcome(commits[middle]) != NOTHING) == introduced
            low, high = (low, middle) if as_at_the_end else (middle, high)
        if high - low > 1:
            print(f"one of these {high - low}, of which all but the last cannot be judged:")
        else:
            print(f"{'introduced' if introduced else 'fixed'} by")
        for commit in commits[low + 1 : high + 1]:
            print(self.history.git("log", "-1", "--format=%h %ad %s", "--date=short", commit))
        print(f"signature: {self.outcome(ends[self.args.bad])}")
        return 0 if high - low == 1 else 2

    def judged_between(self, commits, low, high):
        """The one nearest to the middle that can be judged."""
        middle = (low + high) // 2
        for i in sorted(range(low + 1, high), key=lambda i: abs(i - middle)):
            if self.outcome(commits[i]) is not CANNOT:
                return i
        return None


def main(argv):
    return exit_status(lambda: Search(parse(argv)).run(), say)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
