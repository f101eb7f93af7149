"""ci/corpus: merges, minimises and checks corpora.

  verify [DIR...]                 the shipped scripts: each says what it is for, can be read, and finds nothing; their
                                  size is bounded; no two are the same
  minimise DIR --target T         leaves the fewest inputs that reach what all of them reach; in place
  merge DIR... --into DIR --target T   takes from the others what reaches anything new

Exit status: 0 done, 1 verify has found something, 2 it could not run, and nothing was changed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from command import ROOT, CannotRun, OneLineParser, build, exit_status, replayed, signature_of, speaker
from engines import MAX_LEN, SCENARIO_SECONDS, TARGETS, Job, LibFuzzer

SHIPPED = ROOT / "corpus"
MAX_SHIPPED_BYTES = 4 << 20
MAX_SCRIPT_BYTES = 64 << 10
say = speaker("ci/corpus")


# --- corpora of inputs


def recover(corpus):
    """A minimisation that was killed between its two renames: the old corpus is still there."""
    old = corpus.with_name(corpus.name + ".old")
    if old.exists() and not corpus.exists():
        old.rename(corpus)
    shutil.rmtree(old, ignore_errors=True)


def merged(target, into, sources, how="-merge=1"):
    """Puts into the folder `into` what of the sources reaches anything that what is there does not."""
    program = LibFuzzer.program(Job(target, 0))
    command = [program, how, f"-max_len={MAX_LEN[target]}", f"-timeout={SCENARIO_SECONDS}", into, *sources]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotRun("libFuzzer's merge: " + (done.stderr.strip().splitlines() or ["it does not say why"])[-1])


def minimise(target, corpus):
    """How many inputs there were, and are."""
    recover(corpus)
    new, old = (corpus.with_name(corpus.name + s) for s in (".new", ".old"))
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    try:
        merged(target, new, [corpus], "-set_cover_merge=1")
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    before, after = (len(list(d.iterdir())) for d in (corpus, new))
    corpus.rename(old)
    new.rename(corpus)
    shutil.rmtree(old)
    return before, after


# --- the shipped scripts


def purpose(script):
    """What its first lines say that it is for."""
    said = []
    for line in script.read_text(encoding="utf-8", errors="replace").splitlines():
        if not line.startswith("//"):
            break
        said.append(line[2:].strip())
    return " ".join(said)


def complaints(folders):
    scripts = sorted(p for f in folders for p in f.rglob("*") if p.is_file())
    total = sum(p.stat().st_size for p in scripts)
    if total > MAX_SHIPPED_BYTES:
        yield f"{total} bytes in all, more than {MAX_SHIPPED_BYTES}"
    contents = {}
    for p in scripts:
        if p.suffix != ".scenario":
            yield f"{p}: no script"
            continue
        if p.stat().st_size > MAX_SCRIPT_BYTES:
            yield f"{p}: {p.stat().st_size} bytes"
        if len(purpose(p)) < 20:
            yield f"{p}: does not say what it is for"
        ops = "\n".join(l for l in p.read_text(encoding="utf-8").splitlines() if l and not l.startswith("//"))
        twin = contents.setdefault(hashlib.sha256(ops.encode()).digest(), p)
        if twin != p:
            yield f"{p}: the same as {twin.name}"
    yield from findings([p for p in scripts if p.suffix == ".scenario"])


def findings(scripts):
    build("release", "kyufuzz")
    runs = replayed(ROOT / "build" / "release" / "fuzz" / "kyufuzz", *scripts)
    if scripts and not runs:
        yield "kyufuzz does not run, or cannot read a script"
    for r in runs:
        if signature := signature_of(r):
            yield f"{r['file']}: {signature}"


def assemble(target, folder, of="*", program=ROOT / "build" / "asan" / "fuzz" / "kyufuzz"):
    """The shipped scripts (`of`: of one folder of theirs) as the target's inputs. fuzz_schedule has its library in it, and gets none. Without a seeded
    bug: none must die of one here."""
    raw = ["--raw"] if target == "fuzz_packet" else []
    for script in sorted(SHIPPED.glob(f"{of}/*.scenario")) if target != "fuzz_schedule" else []:
        subprocess.run([program, "assemble", script, "-o", folder / f"{script.parent.name}-{script.stem}", *raw], check=True, stdout=subprocess.DEVNULL)


# --- the command


def folder(name):
    path = Path(name).absolute()
    if not path.is_dir():
        raise CannotRun(f"{name}: no such folder")
    return path


def parse(argv):
    p = OneLineParser(prog="ci/corpus", description=__doc__.splitlines()[0].split(": ", 1)[1],
                      epilog="Exit status: 0 done, 1 verify has found something, 2 it could not run.")
    commands = p.add_subparsers(dest="command", required=True, metavar="merge | minimise | verify")
    v = commands.add_parser("verify", help="the shipped scripts say what they are for, and find nothing")
    v.add_argument("folder", nargs="*", default=[str(SHIPPED)], help="default: corpus/")
    m = commands.add_parser("minimise", help="leave the fewest inputs that reach what all of them reach")
    m.add_argument("folder")
    g = commands.add_parser("merge", help="take from others what reaches anything new")
    g.add_argument("folder", nargs="+")
    g.add_argument("--into", required=True, metavar="DIR")
    for c in (m, g):
        c.add_argument("--target", required=True, choices=TARGETS)
    return p.parse_args(argv)


def run(args):
    if args.command == "verify":
        said = list(complaints([folder(f) for f in args.folder]))
        for line in said:
            print(line.replace(f"{ROOT}{os.sep}", ""))
        return 1 if said else 0
    build("asan", args.target)
    if args.command == "minimise":
        recover(Path(args.folder).absolute())
        before, after = minimise(args.target, folder(args.folder))
        print(f"{args.folder}: {after} of {before} inputs")
    else:
        into = Path(args.into).absolute()
        sources = [folder(f) for f in args.folder]
        into.mkdir(parents=True, exist_ok=True)
        before = len(list(into.iterdir()))
        merged(args.target, into, sources)
        print(f"{args.into}: {len(list(into.iterdir())) - before} more, {before} were there")
    return 0


def main(argv):
    return exit_status(lambda: run(parse(argv)), say)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
