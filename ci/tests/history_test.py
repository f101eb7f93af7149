#!/usr/bin/env python3
"""usage: history_test.py PROGRAM

`kyufuzz bisect` and `promote` in a clone of this repository, whose history has a defect that came and went. PROGRAM is
kyufuzz of the release preset, with the seeded bugs beside it.
"""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(sys.argv[1]).resolve()
BUG = "listen-close-leaves-q0"
SCRIPT = ROOT / "corpus" / "regressions" / f"{BUG}.scenario"


def run(*command, cwd):
    return subprocess.run([str(c) for c in command], cwd=cwd, capture_output=True, text=True, check=False)


class History(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp())
        cls.clone = cls.dir / "clone"
        subprocess.run(["git", "clone", "-q", ROOT, cls.clone], check=True)
        cls.patch = (ROOT / "fuzz" / "bugs" / f"{BUG}.patch").read_text()
        cls.commits = {}
        (cls.clone / "fuzz" / "bugs" / f"{BUG}.patch").unlink()
        (cls.clone / "corpus" / "regressions" / f"{BUG}.scenario").unlink()
        cls.commit("before")
        cls.commit("docs")
        cls.apply()
        cls.commit("defect")
        cls.commit("more docs")
        cls.append("stack/stack.cc", "nonsense")
        cls.commit("does not build")
        cls.git("revert", "--no-edit", "HEAD")
        cls.commit("still more docs")
        cls.apply("-R")
        cls.commit("fix")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.dir)

    @classmethod
    def git(cls, *args):
        identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
        done = run("git", *identity, *args, cwd=cls.clone)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @classmethod
    def append(cls, name, line):
        path = cls.clone / name
        path.write_text(path.read_text() + line + "\n")

    @classmethod
    def apply(cls, *options):
        subprocess.run(["patch", "-p1", "-s", *options], cwd=cls.clone, input=cls.patch, text=True, check=True)

    @classmethod
    def commit(cls, subject):
        cls.append("README.md", subject)
        cls.git("commit", "-qam", subject)
        cls.commits[subject] = cls.git("rev-parse", "HEAD")

    def bisect(self, good, bad):
        return run(PROGRAM, "bisect", SCRIPT, "--good", self.commits.get(good, good), "--bad", self.commits.get(bad, bad),
                   "--repository", self.clone, "--build", "quick", cwd=self.dir)

    def test_what_introduced_it_and_what_fixed_it(self):
        done = self.bisect("before", "still more docs")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"^introduced by\n\w+ [\d-]+ defect\nsignature: \S*free-while-in-use")
        done = self.bisect("fix", "defect")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"^fixed by\n\w+ [\d-]+ fix\n")
        self.assertEqual(done.stderr.count("building"), 1, done.stderr)  # the others are there from before

    def test_a_wrong_end_is_refused(self):
        for good, bad, why in (("defect", "more docs", "is not good"), ("before", "docs", "is not bad"), ("none", "docs", "git")):
            done = self.bisect(good, bad)
            self.assertEqual((done.returncode, why in done.stderr.splitlines()[-1]), (2, True), done.stderr)

    def test_a_fixed_finding_becomes_a_regression(self):
        bundle = self.dir / "bundle"
        self.assertEqual(run(f"{PROGRAM}.{BUG}", "bundle", SCRIPT, "-o", bundle, cwd=self.dir).returncode, 0)
        promote = [self.clone / "ci" / "kyufuzz", "promote", bundle, "--build", "quick", "--fixed-by"]
        done = run(*promote, self.commits["fix"], "--name", "again", cwd=self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        script = (self.clone / "corpus" / "regressions" / "again.scenario").read_text()
        self.assertIn("// bug: again\n// signature: free-while-in-use", script)
        self.assertTrue((self.clone / "fuzz" / "bugs" / "again.patch").exists())
        before = self.git("status", "--porcelain")
        for revision, name, status, why in (
            (self.commits["fix"], "again", 2, "exists already"),
            (self.commits["fix"], "No Name", 2, "small letters"),
            (self.commits["docs"], "other", 2, "changes no source of the stack"),
        ):
            done = run(*promote, revision, "--name", name, cwd=self.dir)
            self.assertEqual((done.returncode, why in done.stderr.splitlines()[-1]), (status, True), done.stderr)
        self.assertEqual(self.git("status", "--porcelain"), before)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
