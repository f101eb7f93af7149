#!/usr/bin/env python3
"""usage: mutants_test.py

ci/mutants: where a line can be changed and how, that the patch of a change applies, and that chance is the same each time.
"""

import contextlib
import io
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ci" / "lib"))

import mutants  # noqa: E402
import mutations  # noqa: E402
from command import CannotRun  # noqa: E402

SOURCE = """\
#include "x.h"
err f(socket *so) {
  KASSERT(so->n > 0, "f: nothing there");
  ++so->stat.calls;
  if (so->n == 2 && seq_lt(a, b)) return err::ok;  // what n + 1 says
  int left = so->n - 1;
  g(so,
    left);
  return err::inval;
}
"""


def changes(kind):
    return [m.after.split("//")[0].strip() for m in mutations.of(SOURCE) if m.kind == kind]


class Mutations(unittest.TestCase):
    def test_each_kind_has_its_places(self):
        self.assertEqual(changes("comparison"), ["if (so->n != 2 && seq_lt(a, b)) return err::ok;"])
        self.assertEqual(changes("logic"), ["if (so->n == 2 || seq_lt(a, b)) return err::ok;"])
        self.assertEqual(changes("sequence"), ["if (so->n == 2 && seq_leq(a, b)) return err::ok;"])
        self.assertEqual(changes("condition"), ["if (!(so->n == 2 && seq_lt(a, b))) return err::ok;"])
        self.assertEqual(changes("sum"), ["int left = so->n + 1;"])
        self.assertEqual(changes("number"), ["if (so->n == 3 && seq_lt(a, b)) return err::ok;", "int left = so->n - 2;"])

    def test_only_whole_statements_go(self):
        gone = [m.before.split("//")[0].strip() for m in mutations.of(SOURCE) if m.kind == "statement"]
        self.assertEqual(gone, ["if (so->n == 2 && seq_lt(a, b)) return err::ok;", "int left = so->n - 1;"])

    def test_assertions_and_counters_stay(self):
        self.assertFalse([m for m in mutations.of(SOURCE) if m.line in (3, 4)])

    def test_a_patch_makes_the_change(self):
        for m in mutations.of(SOURCE):
            with tempfile.TemporaryDirectory() as folder:
                (Path(folder) / "x.cc").write_text(SOURCE)
                patch = mutations.as_patch("x.cc", SOURCE, m)
                subprocess.run(["patch", "-s", "-p1", "-F0", "-d", folder], input=patch, text=True, check=True)
                lines = (Path(folder) / "x.cc").read_text().split("\n")
                self.assertEqual(lines[m.line - 1], m.after)


class Choice(unittest.TestCase):
    FILES = ["stack/tcp/tcp_ack.cc", "stack/ip/in_pcb.cc"]

    def first(self, seed, count=40):
        return [x for x, _ in zip(mutants.chosen(self.FILES, seed), range(count))]

    def test_a_seed_chooses_the_same_and_each_once(self):
        self.assertEqual(self.first(1), self.first(1))
        self.assertNotEqual(self.first(1), self.first(2))
        self.assertEqual(len(set(self.first(1))), 40)

    def test_each_kind_comes_as_often(self):
        kinds = [m.kind for _, m in self.first(1, len(mutations.KINDS))]
        self.assertEqual(sorted(kinds), sorted(mutations.KINDS))

    def test_a_file_that_is_none_of_the_stack_is_refused(self):
        with self.assertRaises(CannotRun):
            mutants.parse(["--files", "fuzz/world/world.cc"])


class Run(unittest.TestCase):
    """With a judge that needs no compiler."""

    def run_with(self, folder, outcomes, count):
        args = mutants.parse(["--out", folder, "--count", str(count), "--files", *Choice.FILES])
        run = mutants.Mutants(args)
        said = io.StringIO()
        with mock.patch.object(run, "prepare"), mock.patch.object(run, "judge", side_effect=outcomes) as judge, \
                contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(run.run(), 0)
        return said.getvalue(), judge.call_count

    def test_what_nobody_notices_is_listed_and_what_was_judged_is_kept(self):
        with tempfile.TemporaryDirectory() as folder:
            said, asked = self.run_with(folder, ["a script: x", mutants.REFUSED, mutants.UNNOTICED], 2)
            self.assertEqual(asked, 3)
            self.assertIn("1 of    2 noticed; the compiler refused 1", said)
            self.assertEqual(said.count("\n  + "), 1)
            again, asked = self.run_with(folder, ["a script: y"], 3)
            self.assertEqual(asked, 1)
            self.assertIn("2 of    3 noticed", again)
            lines = (Path(folder) / "mutants.jsonl").read_text().splitlines()
            self.assertEqual([json.loads(l)["outcome"] for l in lines],
                             ["a script: x", mutants.REFUSED, mutants.UNNOTICED, "a script: y"])


if __name__ == "__main__":
    unittest.main()
