"""Replays scenarios in a build with clang's source coverage, and says which lines of the stack they reach.

OUT/html/index.html has the sources, OUT/unreached.txt the lines that nothing reached, OUT/coverage.json the
figures; OUT/cells.html and OUT/cells.json which events have met which states of TCP, and in which circumstances. Exit status: 0, or 1 where less than --at-least is reached, or a scenario has a finding; 2 bad arguments.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cells_page

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "coverage" / "fuzz" / "kyufuzz"
CORPUS = [ROOT / "corpus" / "seeds", ROOT / "corpus" / "regressions"]
LLVM_COV, LLVM_PROFDATA = "llvm-cov-19", "llvm-profdata-19"


def arguments():
    p = argparse.ArgumentParser(prog="ci/coverage", description=__doc__.split("\n")[0])
    p.add_argument("path", nargs="*", type=Path, default=CORPUS, help="scenarios, or folders of them [the corpus]")
    p.add_argument("--out", type=Path, default=ROOT / "out" / "coverage", metavar="DIR", help="default: out/coverage")
    p.add_argument("--at-least", type=float, default=0, metavar="PERCENT", help="of lines, else exit status 1")
    args = p.parse_args()
    for path in args.path:
        if not path.exists():
            p.error(f"{path}: no such file")
    return args


def scenarios_in(paths):
    for path in paths:
        yield from sorted(f for f in path.rglob("*") if f.is_file()) if path.is_dir() else [path]


def replay(scenarios, out):
    """Runs them all; each process counts in the same file, so that one which is killed counts as well."""
    raw = out / "counters.profraw"
    done = subprocess.run([PROGRAM, "run", *scenarios], env={"LLVM_PROFILE_FILE": f"{out}/counters%c.profraw"},
                          stdout=subprocess.PIPE, text=True, check=False)
    subprocess.run([LLVM_PROFDATA, "merge", "-o", out / "profile", raw], check=True)
    raw.unlink()
    if done.returncode != 0:
        print(done.stdout)
    return done.returncode


def cells(scenarios, out):
    """Beside lines: which event has met which state, in which circumstances."""
    said = subprocess.run([PROGRAM, "cells", "--json", *scenarios], env={"LLVM_PROFILE_FILE": "/dev/null"}, check=False,
                          stdout=subprocess.PIPE, text=True).stdout
    (out / "cells.json").write_text(said)
    found = json.loads(said)
    (out / "cells.html").write_text(
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Cells of TCP</title><style>'
        f"body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem }} {cells_page.STYLE}</style></head><body>"
        f"<h1>Cells of TCP</h1><p>In how many of {found['scenarios']} scenarios each event has met each state and circumstance, "
        f"and which circumstances have stood beside each other.</p>{cells_page.tables(found)}</body></html>\n")
    return cells_page.reached(found), cells_page.size(found)


def llvm_cov(command, out, *more):
    # LLVM says that functions which are linked once, but defined in many objects, differ; they are all counted.
    return subprocess.run([LLVM_COV, command, PROGRAM, f"-instr-profile={out / 'profile'}", *more, ROOT / "stack"],
                          check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


def unreached_lines(out):
    name = None
    for line in llvm_cov("show", out).splitlines():
        if line.startswith("/") and line.endswith(":"):
            name = Path(line[:-1]).relative_to(ROOT)
        elif found := re.match(r" *(\d+)\| +0\|(.*)", line):
            yield f"{name}:{found[1]}: {found[2]}"


def main():
    args = arguments()
    shutil.rmtree(args.out, ignore_errors=True)
    args.out.mkdir(parents=True)
    scenarios = list(scenarios_in(args.path))
    status = replay(scenarios, args.out)
    data = json.loads(llvm_cov("export", args.out, "-summary-only"))["data"][0]
    for f in sorted(data["files"], key=lambda f: f["summary"]["lines"]["percent"]):
        lines = f["summary"]["lines"]
        if lines["covered"] < lines["count"]:
            left = lines["count"] - lines["covered"]
            print(f"{lines['percent']:6.1f}%  {left:4} of {lines['count']:4} lines not reached  "
                  f"{Path(f['filename']).relative_to(ROOT)}")
    total = data["totals"]["lines"]
    print(f"{total['percent']:.1f}% of {total['count']} lines reached; see {args.out / 'html' / 'index.html'}")
    print("{} of {} cells of TCP; see {}".format(*cells(scenarios, args.out), args.out / "cells.html"))
    (args.out / "coverage.json").write_text(json.dumps(data, indent=1))
    (args.out / "unreached.txt").write_text("\n".join(unreached_lines(args.out)) + "\n")
    llvm_cov("show", args.out, "-format=html", f"-output-dir={args.out / 'html'}")
    return 1 if status != 0 or total["percent"] < args.at_least else 0


if __name__ == "__main__":
    sys.exit(main())
