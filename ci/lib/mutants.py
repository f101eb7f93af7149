"""ci/mutants: which changes to the stack go unnoticed.

The seeded bugs were chosen by who also wrote the oracles. Here chance chooses: a line of the stack is changed in one
place, as somebody may do by mistake, the shipped scripts are replayed, and where they find nothing, the targets fuzz for
a while from them. What then went unnoticed is listed: some of it changes nothing that anybody could see, the rest is what
an oracle or a seed is missing for.

They are built as seeded bugs are, in a copy of the tree, DIR/tree. What was judged is kept in DIR/mutants.jsonl: the same command goes
on there. Exit status: 0 they are judged, 2 it could not run.
"""

import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import corpus
import mutations
from command import ROOT, CannotRun, OneLineParser, end_on_sigterm, exit_status, positive, replayed, signature_of, speaker
from engines import Job, LibFuzzer
from journal import Journal

PRESET = "asan"
FUZZERS = ("fuzz_stack", "fuzz_pair")
COPIED = ("CMakeLists.txt", "CMakePresets.json", ".clang-tidy", "stack", "sanitizers", "fuzz", "board", "corpus", "ci")
REPLAY_SECONDS = 5  # for what takes milliseconds; a change may make it endless
MUTANT = "mutant"  # its name among the seeded bugs
UNNOTICED, REFUSED = "unnoticed", "does not build"
TICK = 0.1
say = speaker("ci/mutants")


def parse(argv):
    p = OneLineParser(prog="ci/mutants", description=__doc__.splitlines()[0].split(": ", 1)[1],
                      epilog="Exit status: 0 they are judged, 2 it could not run.")
    p.add_argument("--count", type=positive, default=20, metavar="N", help="of changes that build (default: %(default)s)")
    p.add_argument("--seconds", type=positive, default=20, metavar="N",
                   help="of the processor, for each target that fuzzes (default: %(default)s)")
    p.add_argument("--seed", type=positive, default=1, metavar="N", help="another one chooses others (default: %(default)s)")
    p.add_argument("--files", nargs="+", metavar="FILE", help="as stack/tcp/tcp_ack.cc (default: all of stack/)")
    p.add_argument("--out", metavar="DIR", type=Path, default=ROOT / "out" / "mutants", help="default: out/mutants")
    args = p.parse_args(argv)
    args.files = args.files or sources()
    for file in args.files:
        if file not in sources():
            raise CannotRun(f"{file}: no source of the stack")
    return args


def sources():
    found = (p.relative_to(ROOT) for p in (ROOT / "stack").rglob("*.cc") if not p.stem.endswith("_test"))
    return sorted(map(str, found))


def chosen(files, seed):
    """Changes without end in an order of chance, of each kind as many; each once."""
    by_kind = {kind: [] for kind in mutations.KINDS}
    for file in files:
        for m in mutations.of((ROOT / file).read_text(encoding="utf-8")):
            by_kind[m.kind].append((file, m))
    dice = random.Random(seed)
    for of_kind in by_kind.values():
        dice.shuffle(of_kind)
    while any(by_kind.values()):
        for of_kind in by_kind.values():
            if of_kind:
                yield of_kind.pop()


def described(file, mutation):
    return f"{file}:{mutation.line} {mutation.after.strip()}"


class Mutants:
    def __init__(self, args):
        self.args = args
        self.out = args.out.absolute()
        self.tree = self.out / "tree"
        self.journal = Journal(self.out / "mutants.jsonl")
        self.clean = LibFuzzer.program(self.job("kyufuzz", None))
        self.program = LibFuzzer.program(self.job("kyufuzz"))
        self.scripts = sorted((ROOT / "corpus").rglob("*.scenario"))
        self.judged = []

    def job(self, target, bug=MUTANT):
        return Job(target, 0, bug, PRESET, self.args.seed, root=self.tree)

    # --- the tree

    def prepare(self):
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            self.copy()
        except OSError as e:
            raise CannotRun(f"{self.out}: {e.strerror}") from None
        say("building the stack as it is")
        if not self.builds(self.clean.name):
            raise CannotRun("the stack as it is does not build")
        if found := self.found_by_scripts(self.clean):
            raise CannotRun(f"the stack as it is: {found}")
        self.seeds = self.out / "seeds"
        shutil.rmtree(self.seeds, ignore_errors=True)
        for target in FUZZERS:
            (self.seeds / target).mkdir(parents=True)
            corpus.assemble(target, self.seeds / target, program=self.clean)

    def copy(self):
        """What is the same there keeps its time, so that only what differs is compiled."""
        self.tree.mkdir(exist_ok=True)
        for name in COPIED:
            for path in sorted((ROOT / name).rglob("*")) if (ROOT / name).is_dir() else [ROOT / name]:
                there = self.tree / path.relative_to(ROOT)
                if path.is_file() and (not there.exists() or path.read_bytes() != there.read_bytes()):
                    there.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(path, there)
                    shutil.copymode(path, there)

    def quietly(self, *command):
        return subprocess.run(command, cwd=self.tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0

    def builds(self, *targets):
        configured = self.quietly("cmake", "--preset", PRESET, "-DCMAKE_COMPILE_WARNING_AS_ERROR=OFF")
        return configured and self.quietly("cmake", "--build", "--preset", PRESET, "--target", *targets)

    # --- one change

    def judge(self, file, mutation):
        """What becomes of it, in words."""
        text = (ROOT / file).read_text(encoding="utf-8")
        patch = self.tree / "fuzz" / "bugs" / f"{MUTANT}.patch"
        patch.write_text(mutations.as_patch(file, text, mutation), encoding="utf-8")
        programs = [LibFuzzer.program(self.job(t)).name for t in ("kyufuzz", *FUZZERS)]
        if not self.builds(*programs):
            return REFUSED
        return self.found_by_scripts(self.program) or self.found_by_fuzzers() or UNNOTICED

    def found_by_scripts(self, program):
        runs = replayed(program, "--timeout", REPLAY_SECONDS, *self.scripts)
        if not runs:
            return "the scripts: it does not come to an end"
        found = [f"{Path(r['file']).stem}: {signature_of(r)}" for r in runs if signature_of(r)]
        return found[0] + (f" (and {len(found) - 1} more)" if len(found) > 1 else "") if found else None

    def found_by_fuzzers(self):
        for target in FUZZERS:
            if found := self.found_by(target):
                return found
        return None

    def found_by(self, target):
        folder = self.out / "work"
        shutil.rmtree(folder, ignore_errors=True)
        fuzzer = LibFuzzer(self.job(target), folder, self.seeds / target)
        while not fuzzer.ended() and fuzzer.cpu_seconds() < self.args.seconds:
            time.sleep(TICK)
        fuzzer.stop()
        for artifact in fuzzer.found():
            if not self.signature(self.clean, target, artifact):
                return f"{target} after {fuzzer.cpu_seconds():.1f} s: {self.signature(self.program, target, artifact)}"
        return None

    @staticmethod
    def signature(program, target, artifact):
        runs = replayed(program, "--target", target, "--timeout", REPLAY_SECONDS, artifact.path)
        return signature_of(runs[0]) if runs else artifact.kind

    # --- all of them

    def load(self):
        return {(r["file"], r["line"], r["after"]): r for r in self.journal.records()}

    def run(self):
        self.prepare()
        before = self.load()
        for file, mutation in chosen(self.args.files, self.args.seed):
            known = before.get((file, mutation.line, mutation.after))
            if not known:
                known = {"file": file, **mutation._asdict(), "outcome": self.judge(file, mutation)}
                self.journal.add(known)
                say(f"{described(file, mutation)}: {known['outcome']}")
            self.judged.append(known)
            if len(self.built()) == self.args.count:
                break
        self.report()
        return 0

    def built(self):
        return [r for r in self.judged if r["outcome"] != REFUSED]

    def report(self):
        built = self.built()
        unnoticed = [r for r in built if r["outcome"] == UNNOTICED]
        of_kind = Counter(r["kind"] for r in built)
        unnoticed_of_kind = Counter(r["kind"] for r in unnoticed)
        for kind, count in sorted(of_kind.items()):
            print(f"{kind:12} {count - unnoticed_of_kind[kind]:4} of {count:4} noticed")
        print(f"{'all':12} {len(built) - len(unnoticed):4} of {len(built):4} noticed; the compiler refused {len(self.judged) - len(built)}")
        for r in unnoticed:
            print(f"\n{r['file']}:{r['line']}\n  - {r['before'].strip()}\n  + {r['after'].strip()}")


def main(argv):
    end_on_sigterm()
    return exit_status(lambda: Mutants(parse(argv)).run(), say, "; the same command goes on there")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
