#!/usr/bin/env python3
"""usage: bench_test.py

ci/bench: a bug is found and told, a run that was interrupted goes on, what the clean stack stumbles over does not count, and
the figures are what they are said to be.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ci" / "lib"))

import bench  # noqa: E402
import bench_report  # noqa: E402

BUG = "accept-keeps-nofdref"


class FakeFuzzer:
    """One that finds something after as many seconds as are left in `script`, or nothing where that is None."""

    FOR_EVER = 1e6
    script = []
    started_with = []

    def __init__(self, job, folder, seeds):
        FakeFuzzer.started_with.append(job.seed)
        self.folder, self.after, self.stopped = folder, FakeFuzzer.script.pop(0), False
        folder.mkdir(parents=True)

    def cpu_seconds(self):
        return FakeFuzzer.FOR_EVER if self.after is None else self.after

    def ended(self):
        return self.after is not None or self.stopped

    def stop(self):
        self.stopped = True

    def found(self):
        if self.after is None:
            return []
        file = self.folder / f"crash-{self.after}"
        file.write_bytes(b"x")
        return [mock.Mock(path=file)]


class Bench(unittest.TestCase):
    def setUp(self):
        self.out = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.out)

    def made(self, *arguments):
        return bench.Bench(bench.parse(["--bugs", BUG, "--harnesses", "whole", "--corpora", "seeds", "--trials", "1", "--no-speed",
                                        "--out", str(self.out), *arguments]))

    def command(self, *arguments):
        command = [ROOT / "ci" / "bench", "--bugs", BUG, "--corpora", "seeds", "--trials", "1", "--no-speed", "--out", self.out, *arguments]
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_a_bug_is_found_and_a_second_run_makes_only_what_is_left(self):
        self.command("--seconds", "60", "--harnesses", "whole")
        again = self.command("--seconds", "90", "--harnesses", "whole", "bytes")
        self.assertIn("1 trials to make, 1 made before", again.stderr)
        told = json.loads((self.out / "bench.json").read_text())
        self.assertEqual(told["commit"], bench.git("rev-parse", "--short", "HEAD"))
        self.assertLess(told["bugs"][BUG]["whole from seeds"]["median"], 60)
        self.assertIn(BUG, (self.out / "table.txt").read_text())
        self.assertIn("</svg>", (self.out / "index.html").read_text())

    def test_a_trial_goes_on_behind_a_stumble(self):
        FakeFuzzer.script, FakeFuzzer.started_with = [10, 20, 5], []
        b = self.made("--seconds", "60")
        trial = b.wanted()[0]
        with mock.patch.object(bench, "LibFuzzer", FakeFuzzer), \
             mock.patch.object(b, "is_somebody_elses", lambda trial, artifact: artifact.path.name != "crash-5"):
            b.launch(trial)
            while trial in b.running:
                b.look_at(trial)
        self.assertEqual(b.results[trial], 35)
        self.assertEqual(len(set(FakeFuzzer.started_with)), 3)  # other random numbers each time
        self.assertEqual({p.name for p in (self.out / "stumbles").iterdir()}, {"crash-10", "crash-20"})

    def test_stumbles_may_take_all_of_a_trial(self):
        FakeFuzzer.script = [40, None]
        b = self.made("--seconds", "60")
        trial = b.wanted()[0]
        with mock.patch.object(bench, "LibFuzzer", FakeFuzzer), \
             mock.patch.object(b, "is_somebody_elses", lambda trial, artifact: True):
            b.launch(trial)
            while trial in b.running:
                b.look_at(trial)
        self.assertIsNone(b.results[trial])

    def test_a_fuzzer_that_finds_nothing_is_stopped(self):
        FakeFuzzer.script = [None]
        b = self.made("--seconds", "60")
        trial = b.wanted()[0]
        with mock.patch.object(bench, "LibFuzzer", FakeFuzzer):
            b.launch(trial)
            worker = b.running[trial]
            b.look_at(trial)
        self.assertTrue(worker.stopped)
        self.assertIsNone(b.results[trial])

    def test_what_was_measured_holds_for_other_limits_where_it_says_something(self):
        trials = [[BUG, "whole", "seeds", n] for n in range(4)]
        lines = [{"trial": trials[0], "cpu_seconds": 12.0, "limit": 60}, {"trial": trials[1], "cpu_seconds": None, "limit": 60},
                 {"trial": trials[2], "cpu_seconds": 70.0, "limit": 90},
                 {"trial": trials[3], "seconds": 5.0, "limit": 60}]  # by the clock
        (self.out / "trials.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines) + '{"trial": ["half')
        known = {seconds: {t.number: s for t, s in self.loaded(seconds).items()} for seconds in (10, 60, 65, 100)}
        self.assertEqual(known, {10: {0: None, 1: None, 2: None}, 60: {0: 12.0, 1: None, 2: None}, 65: {0: 12.0, 2: None},
                                 100: {0: 12.0, 2: 70.0}})

    def test_every_commit_that_was_measured_is_named(self):
        line = {"trial": [BUG, "whole", "seeds", 0], "cpu_seconds": 1.0, "limit": 60, "commit": "aaaaaaa"}
        (self.out / "trials.jsonl").write_text(json.dumps(line) + "\n")
        b = self.made("--seconds", "60", "--trials", "2")
        b.load()
        b.keep(b.wanted()[1], 2.0)
        with mock.patch("builtins.print"):
            b.report()
        told = json.loads((self.out / "bench.json").read_text())["commit"]
        self.assertEqual(set(told.split(", ")), {"aaaaaaa", b.commit})

    def test_what_a_killed_run_has_left_half_written_harms_nothing_that_follows(self):
        whole = json.dumps({"trial": [BUG, "whole", "seeds", 0], "cpu_seconds": 1.0, "limit": 60})
        (self.out / "trials.jsonl").write_text(whole + "\n" + whole[:20])
        b = self.made("--seconds", "60", "--trials", "2")
        b.keep(b.wanted()[1], 2.0)
        self.assertEqual(sorted(self.loaded(60).values()), [1.0, 2.0])

    def loaded(self, seconds):
        b = self.made("--seconds", str(seconds), "--trials", "4")
        b.load()
        return b.results


class Figures(unittest.TestCase):
    DATA = {"seconds": 100, "bugs": {"a": {"whole from seeds": {"times": [1, 2, 3]}, "frames from seeds": {"times": [None, None, None]}},
                                     "b": {"whole from seeds": {"times": [4, 4, None]}, "frames from seeds": {"times": [4, 16, 16]}}}}

    def test_a_time_beyond_the_limit_counts_as_the_limit(self):
        got = bench.against(self.DATA, "frames", "seeds", 100)
        self.assertEqual(got["times_faster"], round((100 / 2 * 16 / 4) ** 0.5, 2))
        self.assertEqual(got["a12"], round((1 + (2 / 2 + 4) / 9) / 2, 3))
        self.assertEqual(got["never"], ["a"])

    def test_a_median_beyond_the_limit_is_none(self):
        args = mock.Mock(harnesses=["whole"], corpora=["seeds"])
        results = {bench.Trial("a", "whole", "seeds", n): s for n, s in enumerate([3.0, None, None])}
        self.assertEqual(bench.of_bug("a", results, args), {"whole from seeds": {"times": [3.0, None, None], "median": None}})

    def test_survival_counts_what_was_not_found(self):
        self.assertEqual(bench_report.steps([2.0, None], 10), [(0.0, 0.0), (2.0, 0.0), (2.0, 0.5), (10.0, 0.5)])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
