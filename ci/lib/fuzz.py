"""ci/fuzz: builds a fuzz target, fuzzes, and turns what it finds into bundles.

Exit status: 0 nothing found, 1 something found, 2 it could not run.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import corpus
from command import (ROOT, CannotRun, OneLineParser, bug_names, build, check_bug, end_on_sigterm, exit_status, positive, replayed,
                     signature_of, speaker, write_whole)
from engines import ENGINES, SCENARIO_SECONDS, TARGETS, Job, builds_for

TICK = 0.25  # seconds between looks at the workers
say = speaker("ci/fuzz")


def parse(argv):
    p = OneLineParser(
        prog="ci/fuzz",
        description="Builds a fuzz target, fuzzes the stack with it, and bundles what it finds.",
        epilog="Exit status: 0 nothing found, 1 something found, 2 it could not run.",
    )
    p.add_argument("--target", default="fuzz_stack", choices=TARGETS, help="default: %(default)s")
    p.add_argument("--engine", default="libfuzzer", choices=sorted(ENGINES), help="default: %(default)s")
    extent = p.add_mutually_exclusive_group()
    extent.add_argument("--seconds", type=positive, default=60, help="of fuzzing (default: %(default)s)")
    extent.add_argument("--runs", type=positive, metavar="N",
                        help="inputs that are run, however long it takes: with --seed and libfuzzer the same ones on each machine")
    p.add_argument("--jobs", type=positive, default=1, help="fuzzers side by side (default: %(default)s)")
    p.add_argument("--bug", metavar="NAME", help="put a seeded bug in: " + ", ".join(bug_names()))
    p.add_argument("--empty-corpus", action="store_true", help="start without the shipped seeds")
    p.add_argument("--out", metavar="DIR", help="default: out/TARGET[.BUG]")
    p.add_argument("--keep-going", action="store_true", help="fuzz on after the first finding, until time is over")
    p.add_argument("--seed", type=positive, help="of the fuzzer's random numbers (default: from the clock)")
    p.add_argument("--pools", default="best", choices=("plain", "guard", "pattern", "best"),
                   help="plain: as BSD has them, nothing is poisoned (default: %(default)s)")
    p.add_argument("--no-oracles", action="store_true", help="sanitizers and assertions only")
    p.add_argument("--alone", action="store_true",
                   help="the sanitizers alone: plain pools, no oracles, no assertions of the stack")
    args = p.parse_args(argv)
    if args.runs and (args.jobs > 1 or args.keep_going):
        raise CannotRun("--runs is of one fuzzer, until it finds something: not with --jobs or --keep-going")
    args.preset = "asan"  # that replays
    if args.alone:
        if args.engine != "libfuzzer":
            raise CannotRun("--alone is for libfuzzer")
        args.preset, args.pools, args.no_oracles = "asan-alone", "plain", True
    check_bug(args.bug)
    return args


class Session:
    def __init__(self, args):
        self.args = args
        suffix = f".{args.bug}" if args.bug else ""
        self.out = Path(args.out).absolute() if args.out else ROOT / "out" / (args.target + suffix)
        self.work = self.out / "work"
        self.program = ROOT / "build" / args.preset / "fuzz" / f"kyufuzz{suffix}"
        self.shared = self.work / args.engine  # where fuzzers side by side find each other's inputs
        self.fuzzer_preset = "asan-alone" if args.alone else None
        self.replay = f"ci/kyufuzz --build {args.preset}" + (f" --bug {args.bug}" if args.bug else "")
        self.findings = []
        self.buckets = set()
        self.workers = []
        self.retired_execs = 0
        self.edges = self.corpus = 0
        self.started = 0.0

    def build(self):
        wanted = builds_for([(ENGINES[self.args.engine], self.job(0, 1))])
        wanted.setdefault(self.args.preset, []).append(self.program.name)
        wanted.setdefault("asan", []).append("kyufuzz")  # assembles the seeds
        for preset, targets in wanted.items():
            say(f"building {preset}: {', '.join(targets)}")
            build(preset, *targets)

    def prepare(self):
        marker = self.work / ".ci-fuzz"  # what an earlier run made may go; what somebody else did may not
        if self.work.exists() and not marker.exists():
            raise CannotRun(f"{self.work} exists and is not of an earlier run")
        try:
            shutil.rmtree(self.work, ignore_errors=True)
            (self.work / "seeds").mkdir(parents=True)
            self.shared.mkdir()
            marker.touch()
        except OSError as e:
            raise CannotRun(f"{self.out}: {e.strerror}") from None
        if not self.args.empty_corpus:
            corpus.assemble(self.args.target, self.work / "seeds")

    def world_flags(self):
        return ["--pools", self.args.pools] + (["--no-oracles"] if self.args.no_oracles else [])

    def environment(self):
        env = {"KYUFUZZ_POOLS": self.args.pools}
        if self.args.no_oracles:
            env["KYUFUZZ_NO_ORACLES"] = "1"
        return env

    def job(self, number, seconds):
        a = self.args
        seed = a.seed + number if a.seed else None
        return Job(a.target, seconds, a.bug, self.fuzzer_preset, seed, not a.keep_going, self.environment(), runs=a.runs)

    def launch(self, number):
        left = 0 if self.args.runs else max(1, round(self.args.seconds - self.elapsed()))
        return ENGINES[self.args.engine](self.job(number, left), self.work / f"run-{number}", self.work / "seeds", self.shared)

    def elapsed(self):
        return time.monotonic() - self.started if self.started else 0.0

    def over(self, early):
        """Whether as much is fuzzed as was asked for, or it lacks at most so many seconds."""
        if self.args.runs:
            return self.retired_execs >= self.args.runs
        return self.elapsed() >= self.args.seconds - early

    def run(self):
        self.started = time.monotonic()
        self.workers = [self.launch(n) for n in range(self.args.jobs)]
        launched = self.args.jobs
        said = 0.0
        try:
            while self.workers:
                time.sleep(TICK)
                for w in list(self.workers):
                    w.look()
                    if not w.ended():
                        continue
                    self.retire(w)
                    if self.findings and not self.args.keep_going:
                        return
                    if not self.over(early=1):
                        self.workers.append(self.launch(launched))
                        launched += 1
                if self.elapsed() - said >= 2:
                    said = self.elapsed()
                    say(self.progress())
        finally:
            for w in self.workers:
                w.stop()
                self.count(w)
            self.workers = []
            self.seconds = self.elapsed()

    def count(self, w):
        self.retired_execs += w.execs
        self.edges = max(self.edges, w.edges)
        self.corpus = max(self.corpus, w.corpus)

    def retire(self, w):
        when = self.elapsed()
        self.workers.remove(w)
        w.look()
        self.count(w)
        artifacts = w.found()
        if not artifacts and w.process.returncode != 0:
            raise CannotRun(f"the fuzzer ended with status {w.process.returncode}: " + " | ".join(w.tail()))
        if not artifacts and not self.over(early=2):
            raise CannotRun(f"the fuzzer ended early; see {w.log}")
        for a in artifacts:
            self.bundle(a, w, when)

    def bundle(self, artifact, w, when):
        if self.buckets and self.replayed_signature(artifact) in self.buckets:
            return
        say(f"{when:.1f} s: {artifact.kind} found; minimising")
        new = self.out / "findings" / ".new"
        shutil.rmtree(new, ignore_errors=True)
        new.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [self.program, "bundle", artifact.path, "-o", new, "--program", self.replay, *self.replay_flags()],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            report = json.loads((new / "report.json").read_text())
            self.keep(new, report["signature"], report["kind"], when)
        else:
            self.keep_unexplained(new, artifact, w, when, done.stderr.strip().splitlines()[-1:])

    def replay_flags(self):
        return ["--target", self.args.target, "--timeout", str(SCENARIO_SECONDS), *self.world_flags()]

    def replayed_signature(self, artifact):
        runs = replayed(self.program, artifact.path, *self.replay_flags())
        return signature_of(runs[0]) if runs else None

    def keep_unexplained(self, new, artifact, w, when, why):
        """The fuzzer died of it, and a replay does not: the log is all there is."""
        new.mkdir(exist_ok=True)
        shutil.copy(artifact.path, new / "input")
        shutil.copy(w.log, new / "fuzzer.log")
        kind = "not-reproduced-" + artifact.kind
        report = {"kind": kind, "signature": kind, "summary": "the fuzzer died, but a replay does not: " + "".join(why)}
        (new / "report.json").write_text(json.dumps(report, indent=2) + "\n")
        (new / "report.txt").write_text(report["summary"] + "\nSee fuzzer.log.\n")
        self.keep(new, kind, kind, when)

    def keep(self, new, signature, kind, when):
        """One folder for each signature; what an earlier run left there stays."""
        name = re.sub(r"[^A-Za-z0-9.]+", "-", signature).strip("-")
        if len(name) > 80:
            name = name[:80] + "-" + hashlib.sha256(signature.encode()).hexdigest()[:8]
        folder = self.out / "findings" / name
        if folder.exists():
            shutil.rmtree(new)
        else:
            new.rename(folder)
        if signature in self.buckets:
            return
        self.buckets.add(signature)
        self.findings.append(
            {"signature": signature, "kind": kind, "bundle": str(folder), "seconds": round(when, 2)}
        )

    def progress(self):
        execs = self.retired_execs + sum(w.execs for w in self.workers)
        edges = max([self.edges] + [w.edges for w in self.workers])
        corpus = max([self.corpus] + [w.corpus for w in self.workers])
        rate = sum(w.rate for w in self.workers)
        done = f"{execs:,}/{self.args.runs:,}" if self.args.runs else f"{self.elapsed():4.0f}/{self.args.seconds} s  {execs:,}"
        return (
            f"{done} execs  {rate:,}/s  "
            f"{edges} edges  {corpus} inputs  {len(self.findings)} findings"
        )

    def summary(self):
        execs = self.retired_execs
        return {
            "target": self.args.target,
            "bug": self.args.bug,
            "seconds": round(self.seconds, 2),
            "jobs": self.args.jobs,
            "execs": execs,
            "execs_per_s": round(execs / self.seconds) if self.seconds > 0 else 0,
            "edges": self.edges,
            "findings": self.findings,
        }

    def finish(self):
        s = self.summary()
        write_whole(self.out / "summary.json", json.dumps(s, indent=2) + "\n")
        title = s["target"] + (f" with {s['bug']}" if s["bug"] else "")
        print(f"\n{title}: {s['execs']:,} executions in {s['seconds']:.0f} s ({s['execs_per_s']:,}/s), {s['edges']} edges")
        if not self.findings:
            print("nothing found")
        for f in self.findings:
            print(f"found after {f['seconds']:.1f} s: {f['signature']}")
            report = Path(f["bundle"]) / "report.txt"
            if report.exists():
                print(report.read_text().rstrip("\n"))
            print(f"\n  Bundle: {f['bundle']}")
        return 1 if self.findings else 0


def run(argv):
    s = Session(parse(argv))
    s.build()
    s.prepare()
    extent = f"for {s.args.runs:,} execs" if s.args.runs else f"for {s.args.seconds} s with {s.args.jobs} job(s)"
    say(f"fuzzing {extent}")
    s.run()
    return s.finish()


def main(argv):
    end_on_sigterm()
    return exit_status(lambda: run(argv), say)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
