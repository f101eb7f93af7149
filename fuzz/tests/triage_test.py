#!/usr/bin/env python3
"""usage: triage_test.py PROGRAM CORPUS

`PROGRAM triage` on the regressions, with rubbish and a pasted panic among them: one bucket for each seeded bug, what is
of no use by name; again, and after a kill, the same.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as ET
from pathlib import Path

from prove_regression import header

PROGRAM, CORPUS = sys.argv[1], Path(sys.argv[2])
# Told apart by what they are. Over other regressions other bugs' builds stumble just as well: only where ci/fuzz left
# them says whose they are.
TOLD_APART = ("accept-keeps-nofdref", "mbuf-double-free-on-full-ring", "double-unlock-on-error")
PANIC = """
    Called from bsd_panic+14 -- 400235bc
    Called from sb_lock+5c -- 40030ba0
    Called from sorflush+40 -- 4002f95c
    Called from sofree+a8 -- 4002fa64
    Called from soclose+1d8 -- 4002ffc8
    Called from tcp_close+28 -- 40031080
    BSD panic: sb_lock
    PANIC: BSD tcp
"""


def triage(*paths, out):
    return subprocess.run([PROGRAM, "triage", *map(str, paths), "--out", str(out)], capture_output=True, text=True, check=False)


def store(out):
    return json.loads((out / "triage.json").read_text())


class Triage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp())
        cls.inputs = cls.dir / "inputs"
        cls.inputs.mkdir()
        cls.bugs = {}
        scripts = sorted((CORPUS / "regressions").glob("*.scenario"))
        names = random.Random(1).sample(range(1000), len(scripts))
        for script, number in zip(scripts, names):
            head = header(script)
            # Some of what breaks a protocol's rule is enough: each bucket is minimised.
            if head.get("needs") == "memory" or (head["signature"].startswith("protocol:") and number % 4 > 0):
                continue
            bug = head["bug"]
            folder = cls.inputs if bug in TOLD_APART else cls.inputs / f"fuzz_stack.{bug}"
            folder.mkdir(exist_ok=True)
            target = folder / f"crash-{number:04}"
            subprocess.run([PROGRAM, "assemble", script, "-o", target], check=True, stdout=subprocess.DEVNULL)
            cls.bugs.setdefault(bug, []).append(str(target))
        (cls.inputs / "empty").touch()
        (cls.inputs / "large").write_bytes(bytes(10 << 20))
        (cls.inputs / "harmless").write_bytes(b"\0\1\2")
        (cls.inputs / "broken.scenario").write_text("user 99: nonsense\n")
        (cls.inputs / "panic.txt").write_text(PANIC)
        cls.out = cls.dir / "out"
        cls.first = triage(cls.inputs, out=cls.out)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.dir)

    def test_one_bucket_for_each_bug(self):
        self.assertEqual(self.first.returncode, 0, self.first.stderr)
        found = {b["known_as"]: sorted(i["file"] for i in b["inputs"]) for b in store(self.out)["buckets"]}
        wanted = {bug: sorted(files) for bug, files in self.bugs.items()}
        wanted["accept-keeps-nofdref"].append(str(self.inputs / "panic.txt"))
        self.assertEqual(found, {bug: sorted(files) for bug, files in wanted.items()})

    def test_what_is_of_no_use_has_a_name_and_a_reason(self):
        reasons = {Path(r["file"]).name: r["reason"] for r in store(self.out)["not_crashing"]}
        self.assertEqual(set(reasons), {"empty", "large", "harmless", "broken.scenario"})
        self.assertEqual(reasons["empty"], "empty")
        self.assertEqual(reasons["harmless"], "does not crash")
        self.assertIn("10485760 bytes", reasons["large"])
        self.assertIn("no script", reasons["broken.scenario"])

    def test_each_bucket_has_a_bundle(self):
        for bug in self.bugs:
            bundle = self.out / "buckets" / bug
            report = json.loads((bundle / "report.json").read_text())
            self.assertIn("signature", report)
            self.assertIn(f"--bug {bug}", report["replay"])
            self.assertTrue((bundle / "conversation.pcapng").exists())

    @unittest.skipUnless(shutil.which("tshark"), "tshark is not installed")
    def test_a_capture_opens_and_says_what_happened(self):
        capture = self.out / "buckets" / "accept-keeps-nofdref" / "conversation.pcapng"
        shown = subprocess.run(["tshark", "-r", capture, "-T", "fields", "-e", "tcp.flags.str", "-e", "frame.comment"],
                               capture_output=True, text=True, check=True).stdout
        self.assertIn("FOUND at op", shown)
        self.assertIn("freed-in-use:socket:sofree<in_pcbdetach<tcpcb_close", shown)
        self.assertIn("tcp_accept", shown)
        self.assertNotIn("Malformed", shown)

    def test_pages_and_exports(self):
        index = (self.out / "index.html").read_text()
        for bug in self.bugs:
            self.assertIn(f"buckets/{bug}/index.html", index)
            page = (self.out / "buckets" / bug / "index.html").read_text()
            self.assertIn("</svg>", page)
            self.assertNotIn("http", page.replace("http://www.w3.org/2000/svg", ""))  # it needs no network
        sarif = json.loads((self.out / "triage.sarif").read_text())
        self.assertEqual(len(sarif["runs"][0]["results"]), len(self.bugs))
        self.assertEqual({r["level"] for r in sarif["runs"][0]["results"]}, {"note"})
        suite = ET.parse(self.out / "junit.xml").getroot().find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("failures")), (str(len(self.bugs) + 4), "0"))

    def test_again_adds_nothing(self):
        before = (self.out / "triage.json").read_text()
        self.assertEqual(triage(self.inputs, out=self.out).returncode, 0)
        self.assertEqual((self.out / "triage.json").read_text(), before)

    def test_a_killed_run_resumes(self):
        out = self.dir / "killed"
        for _ in range(3):
            run = subprocess.Popen([PROGRAM, "triage", self.inputs, "--out", out], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True)
            time.sleep(1)
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
        self.assertEqual(triage(self.inputs, out=out).returncode, 0)
        strip = [{k: v for k, v in b.items() if k != "first_seen"} for b in store(out)["buckets"]]
        self.assertEqual(strip, [{k: v for k, v in b.items() if k != "first_seen"} for b in store(self.out)["buckets"]])

    def test_bad_arguments_are_refused(self):
        out = self.dir / "none"
        refused = triage(self.dir / "nowhere", out=out)
        self.assertEqual((refused.returncode, refused.stderr.count("\n")), (2, 1))
        self.assertIn("does not exist", refused.stderr)
        self.assertFalse(out.exists())
        (self.dir / "bad").mkdir()
        (self.dir / "bad" / "triage.json").write_text("nonsense")
        self.assertEqual(triage(self.inputs, out=self.dir / "bad").returncode, 2)
        self.assertEqual((self.dir / "bad" / "triage.json").read_text(), "nonsense")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
