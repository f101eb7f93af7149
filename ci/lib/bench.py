"""ci/bench: how long each seeded bug takes to be found, by this harness and by lesser ones built from the same code.

  whole    the whole harness
  bytes    scenarios mutated byte by byte, by libFuzzer's own mutator
  frames   raw frames that know no live sequence numbers, as other stacks' fuzzers feed them
  bare     neither poisoning pools nor oracles: sanitizers and the stack's assertions

Each from the shipped seeds and from an empty corpus. Seconds are the processor's, that the fuzzer has had: whatever runs
beside it, they are the same. A bug that was not found counts with the whole time of its trial. What the stack without the
bug stumbles over as well does not count: the trial goes on, with other random numbers.
What is done is kept in DIR/trials.jsonl: a run that was interrupted goes on there. Exit status: 0 it is measured, 2 it
could not run.
"""

import json
import os
import platform
import shutil
import statistics
import sys
import time
from datetime import date
from pathlib import Path
from typing import NamedTuple

import bench_report
import bench_speed
import corpus
from command import (ROOT, CannotRun, OneLineParser, bug_names, build, check_bug, end_on_sigterm, exit_status, git, positive, replayed,
                     signature_of, speaker, write_whole)
from engines import Job, LibFuzzer
from journal import Journal

TICK = 0.1  # seconds between looks at the fuzzers
LEAST = 0.01  # seconds that a time counts as: the processor's are counted in hundredths
PRESET = "asan"
CORPORA = ("seeds", "empty")
say = speaker("ci/bench")


class Harness(NamedTuple):
    env: dict
    target: str | None = None  # not the one that suits the bug


HARNESSES = {
    "whole": Harness({}),
    "bytes": Harness({"KYUFUZZ_MUTATOR": "bytes"}),
    "frames": Harness({}, "fuzz_packet"),
    "bare": Harness({"KYUFUZZ_POOLS": "plain", "KYUFUZZ_NO_ORACLES": "1"}),
}


class Trial(NamedTuple):
    bug: str
    harness: str
    corpus: str
    number: int

    def title(self):
        return f"{self.bug}, {self.harness}, {self.corpus}, {self.number}"


def parse(argv):
    p = OneLineParser(prog="ci/bench", description=__doc__.splitlines()[0].split(": ", 1)[1],
                      epilog="Exit status: 0 it is measured, 2 it could not run.")
    p.add_argument("--trials", type=positive, default=3, metavar="N", help="of each bug, harness and corpus (default: %(default)s)")
    p.add_argument("--seconds", type=positive, default=600, metavar="N", help="of the processor, for each trial at most (default: %(default)s)")
    p.add_argument("--bugs", nargs="+", metavar="NAME", help="default: all")
    p.add_argument("--harnesses", nargs="+", choices=HARNESSES, default=list(HARNESSES), help="default: all")
    p.add_argument("--corpora", nargs="+", choices=CORPORA, default=list(CORPORA), help="default: both")
    p.add_argument("--jobs", type=positive, default=1, metavar="N", help="trials side by side, each on a core of its own (default: %(default)s)")
    p.add_argument("--no-speed", action="store_true", help="leave out how fast the harness itself is")
    p.add_argument("--out", metavar="DIR", type=Path, default=ROOT / "out" / "bench", help="default: out/bench")
    args = p.parse_args(argv)
    args.bugs = args.bugs or bug_names()
    for bug in args.bugs:
        check_bug(bug)
    return args


def target_for(bug):
    """What its regression needs: a race the order of threads, which is what fuzz_schedule's inputs are; others two stacks."""
    script = ROOT / "corpus" / "regressions" / f"{bug}.scenario"
    text = script.read_text(encoding="utf-8") if script.exists() else ""
    return "fuzz_schedule" if "\npreempt " in text else "fuzz_pair" if "\ntwin" in text else "fuzz_stack"


class Bench:
    def __init__(self, args):
        self.args = args
        self.out = args.out.absolute()
        self.journal = Journal(self.out / "trials.jsonl")
        self.work = self.out / "work"
        self.results = {}  # of trials; seconds, or None: not found
        self.commit = git("rev-parse", "--short", "HEAD")
        self.commits = {}  # of trials, that were measured
        self.running = {}
        self.stumbles = {}  # of trials: how often, and after how many seconds in all
        self.clean = ROOT / "build" / PRESET / "fuzz" / "kyufuzz"

    def target_of(self, trial):
        return HARNESSES[trial.harness].target or target_for(trial.bug)

    def job(self, trial):
        times, _ = self.stumbles.get(trial, (0, 0))
        return Job(self.target_of(trial), 0, trial.bug, PRESET, 1 + trial.number + 1000 * times, True, HARNESSES[trial.harness].env)

    def wanted(self):
        """The first trial of everything before the second of anything: so that half a run says half of all."""
        a = self.args
        return [Trial(b, h, c, n) for n in range(a.trials) for c in a.corpora for h in a.harnesses for b in a.bugs]

    def prepare(self):
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            self.load()
        except OSError as e:
            raise CannotRun(f"{self.out}: {e.strerror}") from None
        waiting = [t for t in self.wanted() if t not in self.results]
        programs = sorted({LibFuzzer.program(self.job(t)).name for t in waiting})
        say(f"{len(waiting)} trials to make, {len(self.wanted()) - len(waiting)} made before; building")
        build(PRESET, "kyufuzz", *programs)
        shutil.rmtree(self.work, ignore_errors=True)
        for target in sorted({self.target_of(t) for t in waiting}):
            folder = self.work / "seeds" / target
            folder.mkdir(parents=True)
            corpus.assemble(target, folder, "seeds")  # regressions would be the answer
        return waiting

    def load(self):
        """What an earlier run has measured. Found in time is found in time whatever the limit was; a trial that found
        nothing says so for every shorter limit, too. So a first run may be short, and a longer one goes on with the rest."""
        for r in self.journal.records():
            if "cpu_seconds" not in r:
                continue  # measured by the clock, as it once was
            seconds = r["cpu_seconds"]
            found = seconds is not None and seconds <= self.args.seconds
            if found or r["limit"] >= self.args.seconds:
                trial = Trial(*r["trial"])
                self.results[trial] = seconds if found else None
                self.commits[trial] = r.get("commit", "unknown")

    def run(self):
        waiting = self.prepare()
        total, said = len(waiting), time.monotonic()
        while waiting or self.running:
            while waiting and len(self.running) < self.args.jobs:
                self.launch(waiting.pop(0))
            time.sleep(TICK)
            for trial in list(self.running):
                self.look_at(trial)
            if time.monotonic() - said > 10:
                said = time.monotonic()
                say(f"{total - len(waiting) - len(self.running)} of {total} trials")
        self.report()
        return 0

    def launch(self, trial):
        folder = self.work / "-".join(map(str, trial))
        shutil.rmtree(folder, ignore_errors=True)
        seeds = self.work / "seeds" / self.target_of(trial) if trial.corpus == "seeds" else None
        self.running[trial] = LibFuzzer(self.job(trial), folder, seeds)

    def look_at(self, trial):
        worker = self.running[trial]
        times, before = self.stumbles.get(trial, (0, 0))
        if before + worker.cpu_seconds() >= self.args.seconds:
            worker.stop()
        elif not worker.ended():
            return
        elif not worker.found():
            raise CannotRun(f"{trial.title()}: the fuzzer ended with status {worker.process.returncode}")
        del self.running[trial]
        seconds = before + worker.cpu_seconds()
        found = worker.found() if seconds < self.args.seconds else []
        if found and self.is_somebody_elses(trial, found[0]):
            self.keep_stumble(trial, found[0])
            self.stumbles[trial] = (times + 1, seconds)
            self.launch(trial)
            return
        self.keep(trial, round(seconds, 2) if found else None)
        shutil.rmtree(worker.folder, ignore_errors=True)

    def keep_stumble(self, trial, artifact):
        kept = self.out / "stumbles" / artifact.path.name
        kept.parent.mkdir(exist_ok=True)
        shutil.copyfile(artifact.path, kept)
        say(f"{trial.title()}: found {kept}, which the stack without the bug stumbles over, too")

    def is_somebody_elses(self, trial, artifact):
        runs = replayed(self.clean, "--target", self.target_of(trial), artifact.path)
        return bool(runs) and signature_of(runs[0]) is not None

    def keep(self, trial, seconds):
        self.results[trial] = seconds
        self.commits[trial] = self.commit
        self.journal.add({"trial": list(trial), "cpu_seconds": seconds, "limit": self.args.seconds, "commit": self.commit})

    def report(self):
        wanted = {t: self.results[t] for t in self.wanted()}
        data = {"commit": ", ".join(sorted({self.commits[t] for t in wanted})), "date": str(date.today()), "machine": machine(),
                "seconds": self.args.seconds, "trials": self.args.trials,
                "bugs": {bug: of_bug(bug, wanted, self.args) for bug in self.args.bugs}}
        data["whole_against"] = {f"{h} from {c}": against(data, h, c, self.args.seconds)
                                 for h in self.args.harnesses if h != "whole" for c in self.args.corpora
                                 if "whole" in self.args.harnesses}
        data["speed"] = None if self.args.no_speed else bench_speed.measure(say)
        write_whole(self.out / "bench.json", json.dumps(data, indent=1) + "\n")
        bench_report.write(self.out, data)
        print(bench_report.table(data))


def machine():
    model = next((l.split(": ", 1)[1] for l in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if l.startswith("model name")), "")
    return f"{os.cpu_count()} x {model or platform.machine()}"


def of_bug(bug, results, args):
    """By harness and corpus: the times, None where it was not found, and their median, which may be beyond the limit."""
    out = {}
    for h in args.harnesses:
        for c in args.corpora:
            times = [s for t, s in sorted(results.items()) if (t.bug, t.harness, t.corpus) == (bug, h, c)]
            middle = statistics.median([float("inf") if s is None else s for s in times])
            out[f"{h} from {c}"] = {"times": times, "median": None if middle == float("inf") else round(middle, 2)}
    return out


def against(data, harness, start, limit):
    """How the whole harness compares with a lesser one over all bugs: the geometric mean of how many times faster it is, at
    least (a time beyond the limit counts as the limit), and Vargha and Delaney's A12 of a trial being shorter."""
    ratios, a12, never = [], [], []
    for bug, by in data["bugs"].items():
        mine, theirs = by[f"whole from {start}"]["times"], by[f"{harness} from {start}"]["times"]
        capped = [[limit if s is None else max(s, LEAST) for s in times] for times in (mine, theirs)]
        ratios.append(statistics.median(capped[1]) / statistics.median(capped[0]))
        pairs = [(x, y) for x in capped[0] for y in capped[1]]
        a12.append(sum(1.0 if x < y else 0.5 if x == y else 0.0 for x, y in pairs) / len(pairs))
        if all(s is None for s in theirs) and any(s is not None for s in mine):
            never.append(bug)
    return {"times_faster": round(statistics.geometric_mean(ratios), 2), "a12": round(statistics.mean(a12), 3), "never": never}


def main(argv):
    end_on_sigterm()
    return exit_status(lambda: Bench(parse(argv)).run(), say, "; the same command goes on")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
