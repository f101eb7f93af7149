"""kyufuzz promote: makes a finding that has been fixed a proven regression, on the host and on the board.

The fix, taken back, becomes a seeded bug (fuzz/bugs/NAME.patch); the bundle's script becomes
corpus/regressions/NAME.scenario. Both stay only if the script finds nothing in the stack as it is and something with the
bug, the same in both builds.

Exit status: 0 it is proven, 1 it is not, and nothing was left, 2 it could not run.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import emulator
from command import ROOT, CannotRun, OneLineParser, check_bug, exit_status, git, replayed, signature_of, speaker

IMAGE = "kyu-replay-guard"
say = speaker("kyufuzz promote")


class NotProven(Exception):
    """Ends the program with exit status 1 and one line."""


def parse(argv):
    p = OneLineParser(prog="kyufuzz promote", description=__doc__.splitlines()[0].split(": ", 1)[1],
                      epilog="Exit status: 0 it is proven, 1 it is not, and nothing was left, 2 it could not run.")
    p.add_argument("bundle", type=Path, help="a finding's folder, as ci/fuzz and triage leave them")
    p.add_argument("--name", required=True, help="of the regression: small letters, digits, hyphens")
    p.add_argument("--fixed-by", required=True, metavar="REV", help="the commit that fixed it")
    p.add_argument("--bug", metavar="BUG", help="a seeded bug that is there already, instead of the fix taken back")
    p.add_argument("--build", default="asan", metavar="PRESET", help="that proves it on the host (default: %(default)s)")
    args = p.parse_args(argv)
    check_bug(args.bug)
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", args.name):
        raise CannotRun(f"--name {args.name}: small letters, digits and hyphens only")
    return args


def report_of(bundle):
    """Its report and its script, which are all that is needed of it."""
    script = bundle / "minimized.scenario"
    try:
        report = json.loads((bundle / "report.json").read_text(encoding="utf-8"))
        return report, script.read_text(encoding="utf-8")
    except (OSError, json.JSONDecodeError) as e:
        raise CannotRun(f"{bundle}: no bundle: {e}") from None


def taken_back(rev):
    """What the commit changed in the stack's sources, the other way round."""
    diff = git("diff", "--no-color", "-U3", "--no-renames", rev, f"{rev}^", "--", "stack/")
    parts = re.split(r"^diff --git .*\n", diff, flags=re.MULTILINE)[1:]
    kept, left_out = [], []
    for part in parts:
        name = re.search(r"^(?:---|\+\+\+) [ab]/(\S+)", part, re.MULTILINE)
        usable = name and name[1].endswith(".cc") and not name[1].endswith("_test.cc") and "+++ /dev/null" not in part
        if usable:
            kept.append(part[part.index("--- ") :])
        else:
            left_out.append(name[1] if name else "a file")
    if not kept:
        raise CannotRun(f"{rev}: changes no source of the stack")
    if left_out:
        say(f"left out, since a seeded bug changes .cc files only: {', '.join(left_out)}")
    return "".join(kept) + "\n"


class Promotion:
    def __init__(self, args):
        self.args = args
        self.report, self.script = report_of(args.bundle)
        self.bug = args.bug or args.name
        self.patch = ROOT / "fuzz" / "bugs" / f"{self.bug}.patch"
        self.regression = ROOT / "corpus" / "regressions" / f"{args.name}.scenario"
        self.written = []

    def write(self, path, text):
        self.written.append(path)
        path.write_text(text, encoding="utf-8")

    def run(self):
        for path in [self.regression] + ([] if self.args.bug else [self.patch]):
            if path.exists():
                raise CannotRun(f"{path.relative_to(ROOT)} exists already")
        try:
            if not self.args.bug:
                self.seed_bug()
            self.write(self.regression, self.script)
            signature = self.prove_on_host()
            self.write(self.regression, self.header(signature) + self.script)
            self.prove_on_board(signature)
        except BaseException:
            for path in self.written:
                path.unlink(missing_ok=True)
            raise
        print(f"{self.args.name}: {signature}")
        for path in dict.fromkeys(self.written):
            print(f"  {path.relative_to(ROOT)}")
        print("Say in their first lines what happened and why; then a line in fuzz/FINDINGS.md.")

    def seed_bug(self):
        diff = taken_back(self.args.fixed_by)
        done = subprocess.run(["patch", "-d", ROOT, "-p1", "-F0", "--dry-run", "-s", "-f"], input=diff, text=True,
                              capture_output=True, check=False)
        if done.returncode != 0:
            raise CannotRun(f"later commits changed what {self.args.fixed_by} did: write {self.patch.relative_to(ROOT)} "
                            "by hand, and name it with --bug")
        subject = git("log", "-1", "--format=%s", self.args.fixed_by)
        about = f"What:  {subject}, taken back.\nWhy:   {self.report['summary']}\nFrom:  found by fuzzing in this stack.\n"
        self.write(self.patch, about + diff)

    def header(self, signature):
        lines = [self.report["summary"].splitlines()[0], f"bug: {self.bug}", f"signature: {signature}"]
        if self.report["signature"] != signature:
            lines.append(f"also: {self.report['signature']}")
        lines.append("fixed: " + git("log", "-1", "--format=%ad", "--date=short", self.args.fixed_by))
        return "".join(f"// {line}\n" for line in lines) + "\n"

    # --- proofs

    def build(self, preset, *targets):
        say(f"building {preset}: {', '.join(targets)}")
        done = subprocess.run([ROOT / "ci" / "build", preset, *targets], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NotProven(f"{preset} does not build with the fix taken back: {first_error(done.stderr)}")

    def prove_on_host(self):
        self.build(self.args.build, "kyufuzz", f"kyufuzz.{self.bug}")
        folder = ROOT / "build" / self.args.build / "fuzz"
        if found := self.replay(folder / "kyufuzz"):
            raise NotProven(f"the stack as it is still has it: {found}")
        return self.replay(folder / f"kyufuzz.{self.bug}") or self.not_found("on the host")

    def replay(self, program):
        runs = replayed(program, self.regression)
        if not runs:
            raise CannotRun(f"{self.args.bundle}: its script cannot be replayed")
        return signature_of(runs[0])

    def prove_on_board(self, signature):
        images = [IMAGE, f"{IMAGE}.{self.bug}"]
        self.build("board", *(f"{i}.elf" for i in images))
        fixed, bugged = (self.replay_on_board(i) for i in images)
        if fixed:
            raise NotProven(f"the stack as it is still has it, on the board: {fixed}")
        if bugged != signature:
            raise NotProven(f"on the board it is {bugged or self.not_found('on the board')}, not {signature}")

    def replay_on_board(self, image):
        results = emulator.replay_in_qemu(emulator.image_file(image, "board"), [self.regression], lambda line: None)
        if why := results.missing():
            raise NotProven(f"{image}: {why}")
        return next(iter(results.findings.values()), None)

    def not_found(self, where):
        raise NotProven(f"nothing is found {where} with {self.bug}")


def first_error(text):
    lines = text.strip().splitlines() or ["it does not say why"]
    return next((l.strip() for l in lines if "error" in l), lines[-1])


def promote(argv):
    try:
        Promotion(parse(argv)).run()
        return 0
    except NotProven as e:
        say(f"not proven: {e}")
        return 1


def main(argv):
    return exit_status(lambda: promote(argv), say)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
