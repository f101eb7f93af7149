"""The engines that drive a fuzz target: a process of one, what it says of itself, and what it leaves."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from command import ROOT, die_with_parent

TARGETS = ("fuzz_stack", "fuzz_api", "fuzz_packet", "fuzz_schedule", "fuzz_pair")
# Bytes of an input: some seventy segments, or fifty raw frames.
MAX_LEN = {"fuzz_stack": 2048, "fuzz_api": 2048, "fuzz_packet": 4096, "fuzz_schedule": 64, "fuzz_pair": 2048}
# How reluctantly inputs grow: libFuzzer's own 100 for half a minute lets hardly anything be said, without it all become long.
LEN_CONTROL = 10
SCENARIO_SECONDS = 20  # after which an input counts as hanging
PATIENCE = 10  # seconds for an engine to end when asked to


def cpu_seconds_of(pid):
    """User's and system's, its own and of children that it has waited for; proc(5), its stat."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")


class Job(NamedTuple):
    """What is fuzzed, and for how long."""

    target: str
    seconds: int  # by the clock; 0: until somebody stops it, or it finds something
    bug: str | None = None
    preset: str | None = None  # not the engine's own
    seed: int | None = None  # of the engine's random numbers
    until_found: bool = True
    env: dict | None = None  # beside the process's own
    root: Path = ROOT  # whose build it is
    runs: int | None = None  # inputs, after which it ends; with a seed they are the same ones each time and everywhere


class Artifact(NamedTuple):
    path: Path
    kind: str  # crash, timeout, oom, leak


class Worker:
    """One process of an engine, in a folder of its own, which must not exist."""

    engine: str
    OUTPUT: str  # the folder in its folder that it leaves inputs in

    def __init__(self, job, folder, seeds=None, shared=None):
        """`seeds` is a folder of inputs to begin with; `shared` one where workers find each other's, of this engine only."""
        self.job, self.folder, self.seeds = job, folder, seeds
        self.log = folder / "log"
        self.cpu = 0.0
        self.execs = self.rate = self.edges = self.corpus = 0
        folder.mkdir(parents=True)
        if shared:
            (folder / self.OUTPUT).symlink_to(shared)
        else:
            (folder / self.OUTPUT).mkdir()
        self.start()

    def start(self):
        command, env = self.command()
        self.started = time.monotonic()
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("KYUFUZZ_")}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [str(c) for c in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                env={**inherited, **(self.job.env or {}), **env}, preexec_fn=die_with_parent,
            )

    def ended(self):
        """Who is waited for can no longer be asked what time it has had."""
        if self.process.returncode is None:
            pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            if pid != 0:
                self.process.returncode = os.waitstatus_to_exitcode(status)
                self.cpu = usage.ru_utime + usage.ru_stime
        return self.process.returncode is not None

    def cpu_seconds(self):
        """That it has had so far. Unlike the clock, they are the same whatever runs beside it."""
        if not self.ended():
            self.cpu = cpu_seconds_of(self.process.pid)
        return self.cpu

    def stop(self):
        if not self.ended():
            self.process.send_signal(signal.SIGINT)
            if not self.ends_within(PATIENCE):
                self.process.kill()
                self.ends_within(PATIENCE)
        self.look()

    def ends_within(self, seconds):
        until = time.monotonic() + seconds
        while not self.ended() and time.monotonic() < until:
            time.sleep(0.02)
        return self.ended()

    def tail(self):
        return self.log.read_text("utf-8", "replace").strip().splitlines()[-5:]

    @classmethod
    def preset_of(cls, job):
        return job.preset or cls.PRESET

    @classmethod
    def program(cls, job):
        name = job.target + (f".{job.bug}" if job.bug else "")
        return job.root / "build" / cls.preset_of(job) / "fuzz" / name

    @classmethod
    def build_targets(cls, job):
        """What ci/build has to make, after the preset."""
        return [cls.program(job).name]

    def command(self):
        """And what to add to its environment."""
        raise NotImplementedError

    def look(self):
        """Reads what the engine has said since: execs, rate, edges, corpus."""
        raise NotImplementedError

    def found(self):
        return self.found_in(self.folder)

    @staticmethod
    def found_in(folder):
        """The artifacts that a worker has left in its folder, also one that was killed."""
        raise NotImplementedError

    @staticmethod
    def inputs_in(folder):
        """The inputs that it has left there, and had not been given."""
        raise NotImplementedError


class LibFuzzer(Worker):
    engine, PRESET, OUTPUT = "libfuzzer", "asan", "corpus"
    KINDS = ("crash", "timeout", "oom", "leak")
    STATUS = re.compile(r"#(\d+)\s+(\w+)\s+cov: (\d+) ft: (\d+) corp: (\d+)/\S+.*?exec/s: (\d+)")
    EXECUTED = re.compile(r"stat::number_of_executed_units:\s+(\d+)")

    def __init__(self, *args):
        self.offset = 0
        super().__init__(*args)

    def command(self):
        (self.folder / "artifacts").mkdir()
        command = [self.program(self.job), f"-max_total_time={self.job.seconds}", f"-max_len={MAX_LEN[self.job.target]}",
                   f"-len_control={LEN_CONTROL}", f"-timeout={SCENARIO_SECONDS}", "-rss_limit_mb=4096",
                   "-print_final_stats=1", "-verbosity=1", f"-artifact_prefix={self.folder}/artifacts/"]
        if self.job.seed is not None:
            command.append(f"-seed={self.job.seed}")
        if self.job.runs is not None:
            return command + [f"-runs={self.job.runs}", "-reload=0", *self.listed_seeds(), self.folder / self.OUTPUT], {}
        return command + ["-reload=1", self.folder / self.OUTPUT, *([self.seeds] if self.seeds else [])], {}

    def listed_seeds(self):
        """In an order of their own: a folder's is the file system's, and other inputs would come of it."""
        seeds = sorted(Path(self.seeds).iterdir()) if self.seeds else []
        names = self.folder / "seeds"
        names.write_text(",".join(map(str, seeds)))
        return [f"-seed_inputs=@{names}"] if seeds else []

    def look(self):
        with open(self.log, "rb") as log:
            log.seek(self.offset)
            text = log.read()
        whole = text.rfind(b"\n") + 1
        self.offset += whole
        for line in text[:whole].decode("utf-8", "replace").splitlines():
            if m := self.STATUS.match(line):
                self.execs, self.edges, self.corpus, self.rate = (int(m[i]) for i in (1, 3, 5, 6))
            elif m := self.EXECUTED.match(line):
                self.execs = int(m[1])

    @staticmethod
    def found_in(folder):
        files = sorted((folder / "artifacts").glob("*-*"))
        return [Artifact(f, kind) for f in files if (kind := f.name.split("-")[0]) in LibFuzzer.KINDS]

    @staticmethod
    def inputs_in(folder):
        return sorted((folder / "corpus").glob("*"))


class Afl(Worker):
    """afl-fuzz on a persistent-mode target, with the project's own mutator and no other."""

    engine, PRESET, OUTPUT = "afl", "afl", "afl"
    ENVIRONMENT = {
        "AFL_CUSTOM_MUTATOR_ONLY": "1", "AFL_NO_UI": "1", "AFL_NO_COLOR": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_NO_AFFINITY": "1",
        "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "AFL_FORKSRV_INIT_TMOUT": "60000",
        "AFL_NO_CRASH_README": "1", "AFL_FAST_CAL": "1",
    }
    MAX_NAME = 19  # characters of a fuzzer's, which begins with a letter
    FIRST = b"\0"  # without any seed: it wants one that is not empty
    EXECS = re.compile(r",execs:(\d+)")
    STUMBLES = re.compile(r"Test case '([^']+)' results in a (crash|timeout)")

    @classmethod
    def build_targets(cls, job):
        return [*super().build_targets(job), f"{job.target}.mutator"]

    def command(self):
        job = self.job
        self.state = self.state_in(self.folder)
        env = dict(self.ENVIRONMENT, AFL_CUSTOM_MUTATOR_LIBRARY=str(self.program(job).with_name(f"{job.target}.mutator.so")))
        if job.until_found:
            env["AFL_BENCH_UNTIL_CRASH"] = "1"
        command = ["afl-fuzz", "-i", self.some_seeds(), "-o", self.state.parent, "-S", self.state.name, "-m", "none",
                   *(("-V", job.seconds) if job.runs is None else ("-E", job.runs)), "-t", SCENARIO_SECONDS * 1000, "-G", MAX_LEN[job.target]]
        if job.seed is not None:
            command += ["-s", job.seed]
        return command + ["--", self.program(job)], env

    def some_seeds(self):
        if self.seeds and any(Path(self.seeds).iterdir()):
            return self.seeds
        first = self.folder / "first"
        first.mkdir()
        (first / "first").write_bytes(self.FIRST)
        return first

    def look(self):
        """It says nothing before its end; the names of what it keeps say how far it is."""
        if self.ended():
            return self.look_at_the_end()
        queue = self.state / "queue"
        names = os.listdir(queue) if queue.exists() else []
        self.corpus = len(names)
        if names and (m := self.EXECS.search(max(names))):
            self.execs = max(self.execs, int(m[1]))
            self.rate = round(self.execs / (time.monotonic() - self.started))

    def look_at_the_end(self):
        try:
            stats = dict(re.findall(r"^(\w+)\s+: (\d+)", (self.state / "fuzzer_stats").read_text(), re.MULTILINE))
            self.execs, self.edges, self.corpus = (int(stats[k]) for k in ("execs_done", "edges_found", "corpus_count"))
        except (OSError, KeyError):
            pass  # it was killed

    @staticmethod
    def state_in(folder):
        return folder / Afl.OUTPUT / ("f" + folder.name[-Afl.MAX_NAME :])

    @staticmethod
    def found_in(folder):
        state = Afl.state_in(folder)
        found = [Artifact(f, "crash") for f in sorted(state.glob("crashes/id:*"))]
        return found + [Artifact(f, "timeout") for f in sorted(state.glob("hangs/id:*"))] + Afl.seeds_that_stumble(folder)

    @staticmethod
    def seeds_that_stumble(folder):
        """It leaves them out, and goes on as if nothing had happened."""
        log = folder / "log"
        kinds = dict(Afl.STUMBLES.findall(log.read_text("utf-8", "replace") if log.exists() else ""))
        return [Artifact(f, kinds[f.name]) for f in sorted(Afl.state_in(folder).glob("queue/*")) if f.name in kinds]

    @staticmethod
    def inputs_in(folder):
        found = sorted(Afl.state_in(folder).glob("queue/id:*"))
        return [f for f in found if ",orig:" not in f.name and ",sync:" not in f.name]


def builds_for(jobs):
    """For ci/build, targets by preset: `jobs` are pairs of an engine and a Job."""
    wanted = {}
    for engine, job in jobs:
        wanted.setdefault(engine.preset_of(job), []).extend(engine.build_targets(job))
    return wanted


ENGINES = {e.engine: e for e in (LibFuzzer, Afl)}
