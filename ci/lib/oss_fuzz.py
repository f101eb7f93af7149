"""ci/oss-fuzz/check: builds the fuzz targets as OSS-Fuzz does, here and without Docker, and looks at them as it does.

For each engine and sanitizer that Debian has: ci/oss-fuzz/build.sh in an environment that has OSS-Fuzz's variables and
nothing else; then, for each target, what OSS-Fuzz's bad-build check asks (the right architecture and sanitizer, enough
instrumented edges, a start without a crash, seeds that do not crash), and what its ideal integration asks: static but for
the C and C++ libraries, runs from any directory, survives an empty input and one of 1 MiB, has seeds, a dictionary and options.

Exit status: 0 all of it holds, 1 not so, 2 it could not run.
"""

import configparser
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from command import ROOT, CannotRun, OneLineParser, speaker
from engines import LEN_CONTROL, MAX_LEN, TARGETS

CONFIGURATIONS = (
    "libfuzzer-address-x86_64",
    "libfuzzer-undefined-x86_64",
    "libfuzzer-memory-x86_64",
    "libfuzzer-coverage-x86_64",
    "libfuzzer-address-i386",
    "afl-address-x86_64",
)
UNDEFINED = (
    "array-bounds,bool,builtin,enum,function,integer-divide-by-zero,null,object-size,return,returns-nonnull-attribute,"
    "shift,signed-integer-overflow,unreachable,vla-bound,vptr"
)
SANITIZER_FLAGS = {
    "address": "-fsanitize=address -fsanitize-address-use-after-scope",
    "undefined": f"-fsanitize={UNDEFINED},unsigned-integer-overflow -fno-sanitize-recover={UNDEFINED}",
    "memory": "-fsanitize=memory -fsanitize-memory-track-origins",
    "coverage": "-fprofile-instr-generate -fcoverage-mapping -pthread -Wl,--no-as-needed -Wl,-ldl -Wl,-lm "
    "-Wno-unused-command-line-argument",
}
# Calls of a run-time, counted in the code: at least so many where it is wanted, at most so many where it is not.
WANTED = {"address": ("__asan", 1000), "memory": ("__msan", 1000), "undefined": ("__ubsan", 168)}
UNWANTED = {"__asan": 0, "__msan": 3, "__ubsan": 280}
RUNS_32_BIT = ROOT / "ci" / "lib" / "runs_32_bit.sh"
say = speaker("ci/oss-fuzz/check")
MIN_EDGES, MIN_RUNS = 100, 4
SYSTEM_LIBRARIES = re.compile(r"linux-(vdso|gate)|ld-linux|lib(c|m|dl|rt|pthread|resolv|gcc_s|stdc\+\+)\.so")


def run(command, **more):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **more)
    return done.returncode, done.stdout.decode("utf-8", "replace")


class Configuration:
    def __init__(self, name, work):
        self.name = name
        self.engine, self.sanitizer, self.architecture = name.split("-")
        self.src, self.work, self.out = (work / name / d for d in ("src", "work", "out"))

    def environment(self):
        flags = f"-O1 -fno-omit-frame-pointer -gline-tables-only {SANITIZER_FLAGS[self.sanitizer]}"
        if self.engine == "libfuzzer" and self.sanitizer != "coverage":
            flags += " -fsanitize=fuzzer-no-link"
        if self.architecture == "i386":
            flags += " -m32"
        afl = self.engine == "afl"
        env = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "SRC": self.src, "WORK": self.work, "OUT": self.out,
            "CC": "afl-clang-fast" if afl else "clang-19",
            "CXX": "afl-clang-fast++" if afl else "clang++-19",
            "CFLAGS": flags, "CXXFLAGS": flags,
            "LIB_FUZZING_ENGINE": "-fsanitize=fuzzer",
            "SANITIZER": self.sanitizer, "FUZZING_ENGINE": self.engine, "ARCHITECTURE": self.architecture,
        }
        return {k: str(v) for k, v in env.items()}

    def build(self):
        for folder in (self.src, self.work, self.out):
            folder.mkdir(parents=True)
        (self.src / "kyufuzz").symlink_to(ROOT)
        status, said = run([ROOT / "ci" / "oss-fuzz" / "build.sh"], env=self.environment(), cwd=self.src)
        return [] if status == 0 else ["it does not build: " + " | ".join(said.strip().splitlines()[-3:])]

    # --- one target

    def check(self, target):
        program = self.out / target
        if not program.exists():
            return [f"{target}: not in $OUT"]
        failures = self.files(target) + self.binary(program) + self.inputs(target)
        return [f"{target}: {f}" for f in failures]

    def files(self, target):
        failures = []
        for suffix in ("_seed_corpus.zip", ".dict", ".options"):
            if not (self.out / (target + suffix)).exists():
                failures.append(f"no {target}{suffix}")
        if failures:
            return failures
        if not zipfile.ZipFile(self.out / f"{target}_seed_corpus.zip").namelist():
            failures.append("no seeds")
        options = configparser.ConfigParser()
        options.read(self.out / f"{target}.options")
        said = {name: options.getint("libfuzzer", name, fallback=0) for name in ("max_len", "len_control")}
        if said != {"max_len": MAX_LEN[target], "len_control": LEN_CONTROL}:
            failures.append(f"options other than ci/fuzz has: {said}")
        token = re.compile(r'[a-z_]+="(\\x[0-9a-f]{2})+"')
        if not all(token.fullmatch(line) for line in (self.out / f"{target}.dict").read_text().splitlines()):
            failures.append("its dictionary is none")
        return failures

    def binary(self, program):
        failures = []
        _, kind = run(["file", "-L", program])
        if {"x86_64": "x86-64", "i386": "80386"}[self.architecture] not in kind:
            failures.append(f"is not built for {self.architecture}")
        _, libraries = run(["ldd", program])
        for line in libraries.splitlines():
            if line.strip() and not SYSTEM_LIBRARIES.search(line):
                failures.append(f"is not static: {line.split()[0]}")
        _, code = run(["objdump", "-d", "--no-show-raw-insn", program])
        wanted, least = WANTED.get(self.sanitizer, ("", 0))
        for runtime, most in UNWANTED.items():
            calls = len(re.findall(rf"call\w*\s+\S+ <{runtime}", code))
            if runtime == wanted and calls < least:
                failures.append(f"{calls} calls of {runtime}, not {least}")
            if runtime != wanted and calls > most:
                failures.append(f"{calls} calls of {runtime}, which is not its sanitizer")
        return failures

    def inputs(self, target):
        with tempfile.TemporaryDirectory() as folder:
            elsewhere = Path(folder)
            (elsewhere / "empty").touch()
            (elsewhere / "large").write_bytes(bytes(range(256)) * 4096)
            seeds = elsewhere / "seeds"
            zipfile.ZipFile(self.out / f"{target}_seed_corpus.zip").extractall(seeds)
            look = self.look_afl if self.engine == "afl" else self.look_libfuzzer
            return look(self.out / target, elsewhere, seeds)

    def look_libfuzzer(self, program, elsewhere, seeds):
        failures = []
        alone = {"PATH": "/usr/bin:/bin"}
        status, said = run([program, "-seed=1337", f"-runs={MIN_RUNS}"], cwd=elsewhere, env=alone)
        if status != 0 or f"Done {MIN_RUNS} runs" not in said:
            failures.append(f"does not start: exit status {status}: {said.strip().splitlines()[-1:]}")
        edges = re.search(r"INFO: Loaded \d+ modules? +\((\d+) ", said)
        if self.sanitizer != "coverage" and (not edges or int(edges[1]) < MIN_EDGES):
            failures.append(f"instrumented edges: {edges and edges[1]}")
        for name in ("empty", "large"):
            status, said = run([program, elsewhere / name], cwd=elsewhere, env=alone)
            if status != 0:
                failures.append(f"dies of the {name} input: {said.strip().splitlines()[-1:]}")
        status, said = run([program, "-runs=0", "-timeout=25", seeds], cwd=elsewhere, env=alone)
        if status != 0:
            failures.append(f"dies of a seed: {said.strip().splitlines()[-1:]}")
        return failures

    def look_afl(self, program, elsewhere, seeds):
        failures = []
        env = {"PATH": "/usr/bin:/bin", "AFL_NO_UI": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_NO_AFFINITY": "1",
               "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "AFL_FORKSRV_INIT_TMOUT": "30000"}
        first = elsewhere / "first"
        first.mkdir()
        (first / "seed").write_bytes(sorted(seeds.iterdir())[0].read_bytes())
        _, said = run(["timeout", "-s", "INT", "20", "afl-fuzz", "-i", first, "-o", elsewhere / "afl", "-m", "none", "--",
                       program], cwd=elsewhere, env=env)
        if "All set and ready to roll" not in said:
            failures.append(f"afl-fuzz does not run: {said.strip().splitlines()[-3:]}")
        return failures


def parse(argv):
    p = OneLineParser(prog="ci/oss-fuzz/check", description=__doc__.splitlines()[0].split(": ", 1)[1],
                      epilog="Exit status: 0 all of it holds, 1 not so, 2 it could not run.")
    p.add_argument("--only", action="append", choices=CONFIGURATIONS, metavar="CONFIGURATION",
                   help="of " + ", ".join(CONFIGURATIONS))
    p.add_argument("--out", help="keep what is built in this folder, which must not exist")
    return p.parse_args(argv)


def main(argv):
    try:
        args = parse(argv)
    except CannotRun as e:
        say(str(e))
        return 2
    work = Path(args.out).absolute() if args.out else Path(tempfile.mkdtemp(prefix="oss-fuzz-"))
    if args.out and work.exists():
        say(f"{work}: exists already")
        return 2
    wanted = args.only or CONFIGURATIONS
    if any(name.endswith("i386") for name in wanted) and subprocess.run([RUNS_32_BIT], check=False).returncode != 0:
        say("no 32-bit program runs on this machine; --only names the configurations for 64 bit")
        return 2
    status = 0
    try:
        for name in wanted:
            started = time.monotonic()
            say(f"{name}: building")
            c = Configuration(name, work)
            failures = c.build()
            if not failures:
                failures = [f for t in TARGETS for f in c.check(t)]
            for f in failures:
                print(f"{name}: {f}")
            print(f"{name}: {'FAILED' if failures else 'ok'} ({time.monotonic() - started:.0f} s)", flush=True)
            status = status or bool(failures)
    finally:
        if not args.out:
            shutil.rmtree(work, ignore_errors=True)
    return int(status)


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
