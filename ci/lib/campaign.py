"""ci/campaign: fuzzes for hours with all targets and engines, which share a corpus for each target.

Slots, one for each job, fuzz one target with one engine for a while, then another, the one that has had least time. What
they find is taken over by renaming, so that a kill, a full disk or a crash of this program loses nothing: the same
command goes on where it was. DIR/index.html shows how it went, DIR/triage/index.html what was found.

  DIR/corpus/TARGET/    the inputs, named by their SHA-1
  DIR/crashes/TARGET/   what an engine took for a crash, as it was left; its log in DIR/logs/
  DIR/triage/           the same in buckets, by kyufuzz triage
  DIR/history.jsonl     figures, a line every ten seconds
  DIR/campaign.json     the last of them: by stack and target how long a processor has fuzzed, and what it found

Exit status: 0 nothing new is found, 1 something is, 2 it could not run.
"""

import errno
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import campaign_report
import cells_page
import corpus
from command import (ROOT, CannotRun, OneLineParser, bug_names, build, check_bug, die_with_parent, end_on_sigterm, exit_status, git,
                     positive, speaker, write_whole)
from engines import ENGINES, TARGETS, Job, builds_for

TICK, SAMPLE, LOOK = 0.5, 10, 60  # seconds: between looks at workers, lines of history, runs of triage and cells
SLICE = 60  # seconds that a slot fuzzes one target with one engine
WEIGHTS = {"fuzz_stack": 3}  # shares of the time; 1 for the others
LOG_BYTES = 64 << 10  # of an engine's log that are kept with a crash
MIN_FREE = 128 << 20  # bytes of disk below which nothing more is begun
GRACE = 120  # seconds behind its slice until an engine has to have ended: it reads its corpus before it looks at the clock
MOST_FAILURES = 3  # slices of one target and engine that end at once, or do not end, one after the other
CELLS_AT_A_TIME = 4000  # inputs
BETWEEN = "__"  # what a slice's folder is named by
say = speaker("ci/campaign")


def listed(allowed):
    def parse_list(text):
        names = text.split(",")
        if not set(names) <= set(allowed):
            raise ValueError
        return names

    return parse_list


def hours(text):
    value = float(text)
    if not value > 0:
        raise ValueError
    return value


def parse(argv):
    p = OneLineParser(prog="ci/campaign", description=__doc__.splitlines()[0].split(": ", 1)[1],
                      epilog="Exit status: 0 nothing new is found, 1 something is, 2 it could not run.")
    p.add_argument("--hours", type=hours, default=8, help="from now on (default: %(default)s)")
    p.add_argument("--jobs", type=positive, default=os.cpu_count(), help="fuzzers side by side (default: %(default)s)")
    p.add_argument("--out", metavar="DIR", default=str(ROOT / "out" / "campaign"), help="default: out/campaign")
    p.add_argument("--targets", type=listed(TARGETS), default=list(TARGETS), metavar="A,B", help=f"of {','.join(TARGETS)}")
    p.add_argument("--engines", type=listed(ENGINES), default=list(ENGINES), metavar="A,B", help=f"of {','.join(ENGINES)}")
    p.add_argument("--slice", type=positive, default=SLICE, help="seconds before a slot changes (default: %(default)s)")
    p.add_argument("--minimise-every", type=hours, default=24, metavar="HOURS",
                   help="drop inputs that reach nothing of their own (default: %(default)s)")
    p.add_argument("--bug", metavar="NAME", help="put a seeded bug in: " + ", ".join(bug_names()))
    args = p.parse_args(argv)
    check_bug(args.bug)
    return args


def stack_name():
    """What is fuzzed, by its content: commits that leave stack/ alone fuzz the same."""
    changed = git("status", "--porcelain", "--", "stack")
    return git("rev-parse", "--short", "HEAD:stack") + ("-dirty" if changed else "")


def sha1(path):
    return hashlib.sha1(path.read_bytes()).hexdigest()


def without_cells(values):
    return {k: v for k, v in values.items() if k != "cell_counts"}


class Store:
    """What a campaign leaves, and takes up again. Whatever comes in is renamed into its place, and so is there as a whole
    or not at all, and needs no room on the disk."""

    def __init__(self, out):
        self.out, self.work = out, out / "work"
        out.mkdir(parents=True, exist_ok=True)
        self.lock = open(out / "lock", "w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotRun(f"{out}: another campaign runs there") from None
        self.inputs = {}  # how many, by target: listing them takes its time
        for target in TARGETS:
            corpus.recover(self.corpus(target))
            self.corpus(target).mkdir(parents=True, exist_ok=True)
            self.inputs[target] = len(os.listdir(self.corpus(target)))
        for folder in (self.work, out / "crashes", out / "logs"):
            folder.mkdir(exist_ok=True)
        self.last = self.last_sample()
        self.history = campaign_report.history_of(out)

    def corpus(self, target):
        return self.out / "corpus" / target

    def last_sample(self):
        samples = campaign_report.samples_of(self.out)
        return samples[-1] if samples else {"seconds": 0.0, "pairs": {}, "minimised": 0.0}

    def sample(self, values):
        self.history.add(without_cells(values))

    def keep(self, values):
        write_whole(self.out / "campaign.json", json.dumps(without_cells(values), indent=1) + "\n")

    def take_all(self, folder):
        """From a worker's folder, also one that a kill has left, which says by its name what it was for. How many inputs
        and crashes are new."""
        target, engine, bug, *_ = [*folder.name.split(BETWEEN), "", ""]
        new = ([], [])
        if engine in ENGINES:
            for path in ENGINES[engine].inputs_in(folder):
                if path.stat().st_size > 0:  # else it was on its way, or the disk was full
                    self.take_input(path, target, new[0])
            for artifact in ENGINES[engine].found_in(folder):
                self.take_crash(artifact, folder / "log", target, f"{target}.{bug}" if bug else target, new[1])
        shutil.rmtree(folder, ignore_errors=True)
        return new

    def take(self, path, place, new):
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, place)
            new.append(place)

    def take_input(self, path, target, new):
        before = len(new)
        self.take(path, self.corpus(target) / sha1(path), new)
        self.inputs[target] += len(new) - before

    def take_crash(self, artifact, log, target, place, new):
        """An input that crashes is no seed any more: libFuzzer would not get beyond it."""
        digest = sha1(artifact.path)
        name = f"{artifact.kind}-{digest}"
        self.keep_log(log, self.out / "logs" / name)
        self.take(artifact.path, self.out / "crashes" / place / name, new)
        seed = self.corpus(target) / digest
        if seed.exists():
            seed.unlink()
            self.inputs[target] -= 1

    @staticmethod
    def keep_log(log, place):
        if place.exists() or not log.exists():
            return
        try:
            with open(log, "rb") as f:
                f.seek(max(0, log.stat().st_size - LOG_BYTES))
                place.write_bytes(f.read())
        except OSError:  # the crash is what counts
            place.unlink(missing_ok=True)

    def crashed(self, target, digest):
        return any((self.out / "crashes").glob(f"{target}*/*-{digest}"))

    def take_shipped(self, target):
        """Each time anew: there may be more of them. One that crashed is no seed."""
        folder = self.out / "shipped"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        corpus.assemble(target, folder)
        for path in sorted(folder.iterdir()):
            if path.stat().st_size > 0 and not self.crashed(target, sha1(path)):
                self.take_input(path, target, [])
        shutil.rmtree(folder)

    def minimise(self, target):
        before, self.inputs[target] = corpus.minimise(target, self.corpus(target))
        say(f"minimised {target}: {self.inputs[target]} of {before} inputs")

    def crashes(self):
        return sum(f.is_file() for f in (self.out / "crashes").rglob("*"))

    def kill_who_is_left(self):
        """AFL++'s targets, stopped between two inputs, when it was killed."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if Path(os.readlink(process / "cwd")).is_relative_to(self.work):
                    os.kill(int(process.name), signal.SIGKILL)
            except OSError:
                pass  # not ours to look at, or gone already

    def free(self):
        return shutil.disk_usage(self.out).free


class Side:
    """Something that runs beside the fuzzers, and is not waited for."""

    def __init__(self):
        self.process = None

    def busy(self):
        return self.process is not None and self.process.poll() is None

    def start(self, command, output):
        self.output = output
        with open(output, "wb") as out:
            self.process = subprocess.Popen([str(c) for c in command], stdout=out, stderr=subprocess.DEVNULL,
                                            stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)

    def stop(self):
        if self.busy():
            self.process.kill()
            self.process.wait()


class Cells:
    """In how many inputs of a target's corpus each cell of TCP state and event is met."""

    def __init__(self, store, program):
        self.store, self.program = store, program
        self.side = Side()
        self.done = {t: set() for t in TARGETS}
        self.by_target = {}
        self.looking_at = None

    def look(self):
        if self.side.busy():
            return
        if self.looking_at:
            self.take()
        for target in TARGETS:
            files = [f for f in sorted(self.store.corpus(target).iterdir()) if f.name not in self.done[target]][:CELLS_AT_A_TIME]
            if files:
                self.done[target].update(f.name for f in files)
                self.looking_at = target
                command = [self.program, "cells", "--json", "--target", target, *files]
                return self.side.start(command, self.store.work / "cells.json")

    def take(self):
        try:
            more = json.loads(self.side.output.read_text())
            before = self.by_target.get(self.looking_at)
            self.by_target[self.looking_at] = cells_page.added([before, more] if before else [more])
        except (OSError, json.JSONDecodeError):
            pass  # a minimisation took its inputs away
        self.looking_at = None

    def reached(self):
        return cells_page.reached(cells_page.added(self.by_target.values())) if self.by_target else 0


class Campaign:
    def __init__(self, args):
        self.args = args
        suffix = f".{args.bug}" if args.bug else ""
        self.program = ROOT / "build" / "asan" / "fuzz" / f"kyufuzz{suffix}"
        self.triage_program = self.program.with_name("kyufuzz")
        self.store = Store(Path(args.out).absolute())
        self.seconds = self.store.last["seconds"]  # of fuzzing, by the clock, in all runs
        self.minimised = self.store.last["minimised"]
        self.pairs = {f"{t}/{e}": {"seconds": 0.0, "execs": 0, "edges": 0} for t in args.targets for e in args.engines}
        self.pairs.update(self.store.last["pairs"])
        self.stack = stack_name()
        self.cpu_seconds = self.store.last.get("cpu_seconds", {})  # by stack and target
        self.cells, self.triage = Cells(self.store, self.program), Side()
        self.workers, self.numbers = [], 0
        self.failures = {}  # of a pair, on end
        self.crashes_seen = -1
        self.buckets = []
        self.last_new = {"edge": self.seconds, "input": self.seconds, "finding": None}
        self.started = time.monotonic()

    # --- before the first slice

    def build(self):
        wanted = builds_for((ENGINES[e], Job(t, 1, self.args.bug)) for e in self.args.engines for t in self.args.targets)
        wanted.setdefault("asan", []).extend([self.program.name, "kyufuzz"])
        for preset, targets in wanted.items():
            say(f"building {preset}")
            build(preset, *targets)

    def take_up(self):
        self.store.kill_who_is_left()
        left = [f for f in sorted(self.store.work.iterdir()) if f.is_dir()]
        inputs = crashes = 0
        for folder in left:
            new = self.store.take_all(folder)
            inputs, crashes = inputs + len(new[0]), crashes + len(new[1])
        if left:
            say(f"taking up {len(left)} slices that were killed: {inputs} inputs and {crashes} crashes of theirs are new")
        for target in self.args.targets:
            self.store.take_shipped(target)

    # --- slices

    def least_served(self):
        busy = [w.pair for w in self.workers]
        candidates = [f"{t}/{e}" for t in self.args.targets for e in self.args.engines]

        def served(pair):
            target = pair.split("/")[0]
            running = busy.count(pair) * self.args.slice
            return (self.pairs[pair]["seconds"] + running) / WEIGHTS.get(target, 1)

        return min(candidates, key=served)

    def launch(self, seconds):
        pair = self.least_served()
        target, engine = pair.split("/")
        self.numbers += 1
        folder = self.store.work / BETWEEN.join([target, engine, self.args.bug or "", f"{os.getpid()}-{self.numbers}"])
        seeds = self.store.corpus(target)
        job = Job(target, seconds, self.args.bug, until_found=engine == "libfuzzer")
        worker = ENGINES[engine](job, folder, seeds if any(seeds.iterdir()) else None)
        worker.pair, worker.counted = pair, 0
        self.workers.append(worker)

    def count(self, worker):
        worker.look()
        pair = self.pairs[worker.pair]
        pair["execs"] += max(0, worker.execs - worker.counted)
        worker.counted = max(worker.execs, worker.counted)
        if worker.edges > pair["edges"]:
            pair["edges"] = worker.edges
            self.last_new["edge"] = self.now()

    def count_cpu(self, worker):
        target, _ = worker.pair.split("/")
        of_stack = self.cpu_seconds.setdefault(self.stack, {})
        of_stack[target] = round(of_stack.get(target, 0) + worker.cpu_seconds(), 2)

    def take_over(self, worker, time_counts=True):
        """What it leaves. The crashes of it that are new."""
        self.count(worker)
        if time_counts:
            self.count_cpu(worker)
        self.workers.remove(worker)
        inputs, crashes = self.store.take_all(worker.folder)
        if inputs:
            self.last_new["input"] = self.now()
        return crashes

    def retire(self, worker):
        last_lines = worker.tail()
        crashes = self.take_over(worker)
        quick = time.monotonic() - worker.started < min(5, self.args.slice / 2)
        if worker.process.returncode != 0 and quick and not crashes:
            self.fail(worker.pair, "ends at once: " + " | ".join(last_lines))
        else:
            self.failures.pop(worker.pair, None)

    def end_for_good(self, worker):
        """It runs no input any more: what time it has had does not count."""
        worker.stop()
        self.take_over(worker, time_counts=False)
        self.fail(worker.pair, f"does not end: stopped {GRACE} seconds behind its slice")

    def fail(self, pair, how):
        self.failures[pair] = self.failures.get(pair, 0) + 1
        if self.failures[pair] == MOST_FAILURES:
            raise CannotRun(f"{pair} {how}")
        say(f"{pair} {how}")

    def now(self):
        return self.seconds + time.monotonic() - self.started

    def left(self):
        return self.args.hours * 3600 - (time.monotonic() - self.started)

    def run(self):
        due = {"sample": 0.0, "look": 0.0, "show": 0.0}
        try:
            while self.left() > 0:
                before = time.monotonic()
                if self.store.free() < MIN_FREE:
                    raise CannotRun(f"the disk is full ({self.store.free() >> 20} MiB are free): nothing is lost, run it again")
                if self.now() - self.minimised > self.args.minimise_every * 3600:
                    self.minimise()
                while len(self.workers) < self.args.jobs and self.left() >= 1:
                    self.launch(max(1, round(min(self.args.slice, self.left()))))
                time.sleep(TICK)
                for w in list(self.workers):
                    self.pairs[w.pair]["seconds"] += time.monotonic() - before
                    self.count(w)
                    if w.ended():
                        self.retire(w)
                    elif time.monotonic() - w.started > w.job.seconds + GRACE:
                        self.end_for_good(w)
                self.do_what_is_due(due)
        finally:
            self.end()

    def do_what_is_due(self, due):
        now = time.monotonic()
        if now >= due["look"]:
            due["look"] = now + LOOK
            self.look_at_crashes()
            campaign_report.write(self.store.out, self.summary())
        if now >= due["sample"]:
            due["sample"] = now + SAMPLE
            self.cells.look()
            self.store.sample(self.summary())
        if now >= due["show"]:
            due["show"] = now + (1 if sys.stderr.isatty() else 30)
            campaign_report.show(self.summary(), self.rates())

    def minimise(self):
        """All slices end first: they read what is about to go."""
        self.stop_workers()
        for target in self.args.targets:
            self.store.minimise(target)
        self.minimised = self.now()

    # --- what was found

    def look_at_crashes(self):
        if self.triage.busy():
            return
        self.read_buckets()
        crashes = self.store.crashes()
        if crashes != self.crashes_seen and crashes > 0:
            self.crashes_seen = crashes
            self.triage.start(self.triage_command(self.store.out / "crashes"), self.store.work / "triage.txt")

    def triage_command(self, *paths):
        return [self.triage_program, "triage", *paths, "--out", self.store.out / "triage"]

    def read_buckets(self):
        try:
            store = json.loads((self.store.out / "triage" / "triage.json").read_text())
        except (OSError, json.JSONDecodeError):
            return
        if len(store["buckets"]) > len(self.buckets):
            self.last_new["finding"] = self.now()
        self.buckets = [{k: b[k] for k in ("signature", "count", "known_as", "first_seen")} for b in store["buckets"]]

    def triage_all(self):
        """At the end all of it; what does not replay is there by what its engine said."""
        crashes = self.store.out / "crashes"
        if self.store.crashes() == 0:
            return
        subprocess.run(self.triage_command(crashes), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        store = json.loads((self.store.out / "triage" / "triage.json").read_text())
        logs = [self.store.out / "logs" / Path(r["file"]).name for r in store["not_crashing"]]
        logs = [l for l in logs if l.exists()]
        if logs:
            subprocess.run(self.triage_command(*logs), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)

    # --- the end, and what is told

    def stop_workers(self):
        for w in list(self.workers):
            w.stop()
            self.take_over(w)

    def end(self):
        self.stop_workers()
        self.triage.stop()
        self.cells.side.stop()
        try:
            if self.store.free() >= MIN_FREE:
                self.triage_all()
            self.read_buckets()
            self.store.sample(self.summary())
            self.store.keep(self.summary())
            campaign_report.write(self.store.out, self.summary())
        except OSError as e:
            if e.errno != errno.ENOSPC:
                raise

    def rates(self):
        return {w.pair: w.rate for w in self.workers}

    def summary(self):
        return {
            "seconds": round(self.now(), 1),
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "bug": self.args.bug,
            "pairs": {k: dict(v, seconds=round(v["seconds"], 1)) for k, v in self.pairs.items()},
            "cpu_seconds": self.cpu_seconds,
            "corpus": dict(self.store.inputs),
            "cells": self.cells.reached(),
            "cell_counts": self.cells.by_target,
            "crashes": self.store.crashes(),
            "buckets": self.buckets,
            "last_new": self.last_new,
            "minimised": self.minimised,
        }


def run(argv):
    c = Campaign(parse(argv))
    c.build()
    c.take_up()
    say(f"fuzzing for {c.args.hours:g} h with {c.args.jobs} jobs; {c.store.out}/index.html shows how it goes")
    c.started = time.monotonic()
    c.run()
    return campaign_report.tell(c.summary(), c.store.out)


def main(argv):
    end_on_sigterm()
    return exit_status(lambda: run(argv), say, ": nothing is lost, run it again to go on")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
