#!/usr/bin/env python3
"""usage: cli_test.py PROGRAM CORPUS: what kyufuzz promises on its command line."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM, CORPUS = sys.argv[1], Path(sys.argv[2])
SEED = CORPUS / "seeds" / "passive-open-and-exchange.scenario"
STORY = CORPUS / "regressions" / "accept-keeps-nofdref.scenario"
BUG = PROGRAM + ".accept-keeps-nofdref"
SIGNATURE = "freed-in-use:socket:sofree<in_pcbdetach<tcpcb_close"


def run(*args, program=PROGRAM):
    return subprocess.run([program, *map(str, args)], capture_output=True, text=True, check=False)


class Cli(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.dir = Path(self.folder.name)

    def refused(self, *args, **kw):
        done = run(*args, **kw)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("kyufuzz: "), done.stderr)
        return done.stderr

    def test_help_everywhere(self):
        self.assertEqual(run("--help").returncode, 0)
        for command in ("run", "show", "assemble", "minimize", "bundle", "explore", "cells", "triage", "bisect", "promote", "serve", "fetch", "bench"):
            done = run(command, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn(command, done.stdout)

    def test_one_line_for_what_is_wrong(self):
        self.refused()
        self.refused("nix")
        self.refused("run")
        self.refused("run", "--nix", SEED)
        self.refused("run", "--repeat", "0", SEED)
        self.refused("run", "--target", "fuzz_nix", SEED)
        self.assertIn("cannot be read", self.refused("run", self.dir / "missing"))
        self.assertIn("cannot be read", self.refused("run", self.dir))
        self.refused("serve", "--tap", "kyu0", "--address", "10.0.0.1")
        self.refused("serve", "--tap", "kyu0", "--address", "10.0.0.1/24x")
        self.refused("serve", "--tap", "kyu0", "--address", "dhcp", "--gateway", "10.0.0.9")
        fetch = ["fetch", "image", "-o", self.dir / "image", "--tap", "kyu0", "--address"]
        self.assertIn("--server", self.refused(*fetch, "10.0.0.1/24"))
        self.assertIn("not an address", self.refused(*fetch, "dhcp", "--dns", "10.0.0"))
        self.refused("assemble", SEED, "-o", self.dir / "no" / "such" / "folder")

    def test_explore_runs_every_schedule_also_behind_findings(self):
        script = CORPUS / "concurrent" / "receive-against-close.scenario"
        figures = []
        for program in (PROGRAM, BUG):
            args = ["explore", "-k", "1", "--keep-going", script, "--json", self.dir / "explored.json"]
            done = run(*args, program=program)
            self.assertEqual(done.returncode, 0 if program == PROGRAM else 1, done.stdout + done.stderr)
            figures.append(json.loads((self.dir / "explored.json").read_text())[0])
        fixed, bugged = figures
        self.assertEqual((fixed["complete"], fixed["found"], fixed["by_preemptions"][0]), (True, [], 1))
        self.assertGreater(fixed["by_preemptions"][1], 100)
        self.assertEqual(bugged["by_preemptions"], fixed["by_preemptions"])
        self.assertEqual([f["finding"]["signature"] for f in bugged["found"]], [SIGNATURE])

    def test_a_found_schedule_is_bundled_and_replays(self):
        script = CORPUS / "concurrent" / "receive-against-close.scenario"
        self.assertEqual(run("explore", "-k", "1", script, "-o", self.dir / "out", program=BUG).returncode, 1)
        least = self.dir / "out" / "receive-against-close-1" / "minimized.scenario"
        self.assertIn(SIGNATURE, run("run", least, program=BUG).stdout)
        self.assertIn("exists already", self.refused("explore", script, "-o", self.dir / "out"))
        self.refused("explore", "-k", "9", script)
        self.refused("explore", self.dir / "missing")

    def test_bad_script_names_file_and_line(self):
        bad = self.dir / "bad.scenario"
        bad.write_text("// fine\nuser 0: nix\n")
        self.assertIn("bad.scenario:2: no op 'nix'", self.refused("run", bad))

    def test_any_bytes_are_a_scenario(self):
        for name, data in (("empty", b""), ("binary", bytes(range(256)) * 40), ("large", b"\xff\x01" * 500_000)):
            (self.dir / name).write_bytes(data)
            self.assertEqual(run("run", self.dir / name).returncode, 0, name)

    def test_script_and_binary_are_one(self):
        done = run("assemble", SEED, "-o", self.dir / "binary")
        self.assertEqual(done.returncode, 0, done.stderr)
        script, binary = run("show", SEED).stdout, run("show", self.dir / "binary").stdout
        self.assertEqual(script, binary)
        self.assertIn("peer 0 < S port=114 mss=1460", script)
        digests = [json.loads(run("run", "--json", f).stdout)[0]["digest"] for f in (SEED, self.dir / "binary")]
        self.assertEqual(digests[0], digests[1])

    def test_raw_frames_fit_again(self):
        raw = self.dir / "raw"
        self.assertEqual(run("assemble", "--raw", CORPUS / "seeds" / "out-of-order.scenario", "-o", raw).returncode, 0)
        self.assertNotIn("user", run("show", raw).stdout)
        said = run("run", "-v", "--target", "fuzz_packet", raw).stdout
        self.assertIn("> 114>40001 . 1(0) ack 302", said)  # 300 bytes in order and the FIN

    def test_json_tells_digest_ops_and_frames(self):
        done = run("run", "--json", "--repeat", 3, SEED)
        self.assertEqual(done.returncode, 0)
        (r,) = json.loads(done.stdout)
        self.assertEqual((r["ops"], r["frames_in"], r["frames_out"], r["finding"]), (11, 7, 5, None))
        self.assertTrue(r["same_digest"])

    def test_cells_counts_what_ended_and_goes_on_behind_a_finding(self):
        one = json.loads(run("cells", "--json", SEED, program=BUG).stdout)
        clean = run("cells", "--json", STORY, SEED)
        found = run("cells", "--json", STORY, SEED, program=BUG)
        self.assertEqual((clean.returncode, found.returncode), (0, 1))
        self.assertEqual(json.loads(clean.stdout)["findings"], 0)
        self.assertEqual(json.loads(found.stdout), dict(one, scenarios=2, findings=1))
        self.assertEqual([t["title"] for t in one["tables"]],
                         ["event x state", "event x circumstance", "circumstance x circumstance"])
        for t in one["tables"]:
            self.assertGreater(t["reached"], 2)
            self.assertEqual(t["reached"], sum(n > 0 for row in t["counts"] for n in row))
        self.refused("cells", self.dir / "none")

    def test_a_finding_is_status_1_and_a_report(self):
        done = run("run", STORY, program=BUG)
        self.assertEqual(done.returncode, 1)
        for text in (SIGNATURE, "sonewconn", "+SS_NOFDREF", "Life of socket#2", "never cleared", "> op "):
            self.assertIn(text, done.stdout)
        (r,) = json.loads(run("run", "--json", STORY, program=BUG).stdout)
        self.assertEqual(r["finding"]["signature"], SIGNATURE)
        self.assertEqual(r["finding"]["object"], "socket#2")

    def test_minimize_keeps_the_signature(self):
        padded = self.dir / "padded.scenario"
        padded.write_text("peer 1 < icmp type=echo\n+50ms\n" + STORY.read_text() + "peer 2 < arp\nuser 3: socket\n")
        done = run("minimize", padded, "-o", self.dir / "least.scenario", program=BUG)
        self.assertEqual(done.returncode, 0, done.stderr)
        (r,) = json.loads(run("run", "--json", self.dir / "least.scenario", program=BUG).stdout)
        self.assertEqual(r["finding"]["signature"], SIGNATURE)
        self.assertLessEqual(r["ops"], 5)
        self.assertIn("nothing found", self.refused("minimize", SEED, "-o", self.dir / "x", program=BUG))

    def test_a_bundle_is_whole_and_never_overwritten(self):
        done = run("bundle", STORY, "-o", self.dir / "b", program=BUG)
        self.assertEqual(done.returncode, 0, done.stderr)
        names = {"input", "script.scenario", "minimized", "minimized.scenario", "report.txt", "report.json"}
        names.add("conversation.pcapng")
        self.assertEqual({f.name for f in (self.dir / "b").iterdir()}, names)
        report = json.loads((self.dir / "b" / "report.json").read_text())
        self.assertEqual(report["signature"], SIGNATURE)
        self.assertIn("exists already", self.refused("bundle", STORY, "-o", self.dir / "b", program=BUG))
        self.assertIn("nothing found", run("bundle", STORY, "-o", self.dir / "c").stderr)
        self.assertFalse((self.dir / "c").exists() or (self.dir / "c.new").exists())


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
