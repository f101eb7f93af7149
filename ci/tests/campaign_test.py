#!/usr/bin/env python3
"""usage: campaign_test.py

ci/campaign: what a kill leaves is taken up, a full disk ends it with nothing lost, two do not run in one folder.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [ROOT / "ci" / "campaign", "--targets", "fuzz_stack,fuzz_schedule", "--bug", "accept-keeps-nofdref", "--slice", "5"]
SECONDS = "0.004"  # as hours, for a run that is to end
PATIENCE = 300  # seconds until a running campaign has found something


def digest(path):
    return hashlib.sha1(path.read_bytes()).hexdigest()


def campaign(out, *arguments, **more):
    command = [str(c) for c in (*COMMAND, "--out", out, *arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


def fuzzed_stack():
    command = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD:stack"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def everything(out):
    """The inputs and the crashes, wherever engines have left them."""
    slices = list((out / "work").glob("*__*"))
    inputs = {p.name for p in out.glob("corpus/*/*")}
    crashes = {p.name.split("-")[-1] for p in out.glob("crashes/*/*")}
    for s in slices:
        queue = [p for p in s.glob("afl/*/queue/id:*") if ",orig:" not in p.name]
        inputs |= {digest(p) for p in [*s.glob("corpus/*"), *queue] if p.stat().st_size > 0}
        crashes |= {digest(p) for p in [*s.glob("artifacts/crash-*"), *s.glob("afl/*/crashes/id:*")]}
    return inputs, crashes


class Campaign(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp())
        self.out = self.dir / "out"
        self.addCleanup(shutil.rmtree, self.dir)

    def start_and_kill(self):
        with open(self.dir / "log", "wb") as log:
            run = subprocess.Popen([str(c) for c in (*COMMAND, "--out", self.out)], stdout=log, stderr=log)
        until = time.monotonic() + PATIENCE
        while not ((self.out / "crashes").is_dir() and all(len(x) > n for x, n in zip(everything(self.out), (100, 1)))):
            self.assertIsNone(run.poll(), (self.dir / "log").read_text())
            self.assertLess(time.monotonic(), until, "nothing has been found")
            time.sleep(0.5)
        refused = campaign(self.out)
        self.assertEqual((refused.returncode, "another campaign" in refused.stderr), (2, True))
        os.kill(run.pid, signal.SIGKILL)  # the shell has become it
        run.wait()
        time.sleep(0.5)

    def test_a_kill_loses_nothing(self):
        self.start_and_kill()
        inputs, crashes = everything(self.out)
        done = campaign(self.out, "--hours", SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr)  # what it found is known
        self.assertIn("taking up", done.stderr)
        inputs_now, crashes_now = everything(self.out)
        self.assertEqual((inputs - inputs_now - crashes_now, crashes - crashes_now), (set(), set()))
        self.assertEqual([p.name for p in (self.out / "work").iterdir() if p.is_dir()], [])
        buckets = json.loads((self.out / "triage" / "triage.json").read_text())["buckets"]
        self.assertIn("accept-keeps-nofdref", {b["known_as"] for b in buckets})
        self.assertRegex(done.stdout, r"fuzz_schedule [\d:]+, fuzz_stack [\d:]+ of a processor")
        told = json.loads((self.out / "campaign.json").read_text())
        (stack,) = told["cpu_seconds"]
        self.assertEqual(stack.removesuffix("-dirty"), fuzzed_stack())
        self.assertEqual(set(told["cpu_seconds"][stack]), {"fuzz_stack", "fuzz_schedule"})
        page = (self.out / "index.html").read_text()
        self.assertEqual((page.count("</svg>"), "accept-keeps-nofdref" in page, "ESTABLISHED" in page), (4, True, True))

    def test_an_engine_that_does_not_end_is_stopped_and_told(self):
        """Three times: then the campaign ends, too. As what stands still a process is that somebody has stopped."""
        script = (
            "import sys; sys.path.insert(0, 'ci/lib'); import campaign, engines, signal\n"
            "campaign.GRACE = engines.PATIENCE = 1\n"
            "start = engines.Worker.start\n"
            "def stand_still(worker):\n"
            "    start(worker)\n"
            "    worker.process.send_signal(signal.SIGSTOP)\n"
            "engines.Worker.start = stand_still\n"
            "sys.exit(campaign.main(sys.argv[1:]))\n"
        )
        command = [sys.executable, "-c", script, "--targets", "fuzz_schedule", "--engines", "libfuzzer", "--jobs", "1", "--slice", "1",
                   "--bug", "accept-keeps-nofdref", "--out", self.out]
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, cwd=ROOT)
        self.assertEqual((done.returncode, done.stderr.count("does not end")), (2, 3), done.stderr)
        self.assertEqual(json.loads((self.out / "campaign.json").read_text())["cpu_seconds"], {})

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"), "no file system can be mounted here")
    def test_a_full_disk_ends_it(self):
        self.out.mkdir()
        script = f'mount -t tmpfs -o size=130m none "$1" && shift && "$@"; status=$?; ls "$0"/corpus/fuzz_stack | wc -l; exit $status'
        command = ["unshare", "-m", "sh", "-c", script, self.out, self.out, *COMMAND, "--out", self.out]
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("the disk is full", done.stderr.splitlines()[-1])
        self.assertGreater(int(done.stdout.split()[-1]), 10)

    def test_bad_arguments_are_refused(self):
        for arguments in (["--hours", "0"], ["--engines", "none"], ["--targets", "fuzz_stack,none"], ["--bug", "none"]):
            done = campaign(self.out, *arguments)
            self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)
            self.assertTrue(re.match(r"ci/campaign: ", done.stderr))
        self.assertFalse(self.out.exists())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
