"""ci/gate: what must pass before a board release.

Replays every regression and seed in every build of the host and on the board (filled pools, guard pages, KASAN), and
compares their digests; shows that every regression is still flagged where its seeded bug is put back, on the host and
on the board; boots the release image and makes real transfers with it from Linux, over its Ethernet.

Leaves gate.json, junit.xml and index.html in DIR; and, only where everything holds, the release image, as kyu.elf and
kyu.bin, with manifest.json. Exit status: 0 the release may go out, 1 it may not: the reason comes first, 2 the gate
could not run.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import emulator
import gate_report
from command import ROOT, CannotRun, OneLineParser, check_bug, replayed, signature_of, speaker

sys.path.insert(0, str(ROOT / "fuzz" / "tests"))
from prove_regression import header  # noqa: E402

TRANSFERS = ROOT / "fuzz" / "tests" / "linux_transfers.py"
HOST_BUILDS = ("asan", "release", "m32", "tsan", "msan")
# What a regression may need that only one build has. That build proves nothing else. All of them have assertions.
SPECIAL_NEED = {"msan": "memory"}
BOARD_REPLAYS = {"kyu-replay": "board", "kyu-replay-guard": "board", "kyu-replay-kasan": "board-kasan"}
PROVING_IMAGE = "kyu-replay-guard"
INTERRUPTED_OF = 200  # transfers, every second one interrupted
CANNOT = 77
SHOWN = 10  # reasons on the terminal
say = speaker("ci/gate")
GROUPS = ("build", "replay", "proof", "release image")


def git(*args):
    return subprocess.run(["git", *args], cwd=ROOT, capture_output=True, text=True, check=False).stdout.rstrip()


def place(name):
    builds = (*HOST_BUILDS, *dict.fromkeys(BOARD_REPLAYS.values()), *BOARD_REPLAYS)
    return builds.index(name) if name in builds else len(builds)


class Gate:
    def __init__(self, out, bug, without):
        self.out, self.bug, self.without = out, bug, without
        self.host_builds = [b for b in HOST_BUILDS if b not in without]
        self.suffix = f".{bug}" if bug else ""
        self.scripts = sorted((ROOT / "corpus").glob("*/*.scenario"))
        self.regressions = {p.stem: header(p) for p in self.scripts if p.parent.name == "regressions"}
        self.checks, self.digests, self.findings = [], {}, {}

    def check_machine(self):
        if "m32" in self.host_builds and subprocess.run([ROOT / "ci" / "lib" / "runs_32_bit.sh"], check=False).returncode != 0:
            raise CannotRun("no 32-bit program runs on this machine; --without m32 decides without that build")

    def check(self, group, name, failures, started):
        """`failures` are reasons; none: it holds."""
        seconds = round(time.monotonic() - started, 1)
        self.checks.append(
            {"group": group, "name": name, "ok": not failures, "failures": failures, "seconds": seconds}
        )
        say(f"{group}: {name}: {'ok' if not failures else 'FAILED: ' + failures[0]} ({seconds} s)")

    # --- builds

    def provable(self, build):
        special = SPECIAL_NEED.get(build)
        needs = {name: head.get("needs") for name, head in self.regressions.items()}
        return {
            name: head
            for name, head in self.regressions.items()
            if needs[name] == special or (special is None and needs[name] not in SPECIAL_NEED.values())
        }

    def bugs_to_prove(self, build):
        return [] if self.bug else sorted({head["bug"] for head in self.provable(build).values()})

    def build(self, preset, targets):
        started = time.monotonic()
        done = subprocess.run([ROOT / "ci" / "build", preset, *targets], capture_output=True, text=True, check=False)
        self.check("build", preset, [] if done.returncode == 0 else [last_line(done.stderr)], started)
        return done.returncode == 0

    def build_all(self):
        for preset in self.host_builds:
            self.build(preset, [f"kyufuzz{self.suffix}", *(f"kyufuzz.{b}" for b in self.bugs_to_prove(preset))])
        images = [f"kyu{self.suffix}.elf", *(f"{PROVING_IMAGE}.{b}.elf" for b in self.bugs_to_prove("board"))]
        for preset in dict.fromkeys(BOARD_REPLAYS.values()):
            replays = [f"{i}{self.suffix}.elf" for i, p in BOARD_REPLAYS.items() if p == preset]
            self.build(preset, replays + (images if preset == "board" else []))

    # --- replays

    def replay_on_host(self, preset):
        started = time.monotonic()
        program = ROOT / "build" / preset / "fuzz" / f"kyufuzz{self.suffix}"
        runs = replayed(program, *self.scripts)
        named = {str(Path(r["file"]).relative_to(ROOT / "corpus")): r for r in runs}
        findings = {name: r["finding"]["signature"] for name, r in named.items() if r["finding"]}
        self.findings[preset] = findings
        self.digests[preset] = {name: r["digest"] for name, r in named.items() if not r["finding"]}
        failures = self.in_order(findings) if runs else ["kyufuzz does not run"]
        self.check("replay", preset, failures, started)

    def in_order(self, findings):
        """As reasons: first the regressions that say themselves what was found, then what else stumbled over it."""

        def own(item):
            return self.regressions.get(Path(item[0]).stem, {}).get("signature") == item[1]

        return [f"{name}: {signature}" for name, signature in sorted(findings.items(), key=lambda i: (not own(i), i[0]))]

    def replay_on_board(self, image, preset):
        started = time.monotonic()
        results = emulator.replay_in_qemu(emulator.image_file(image + self.suffix, preset), self.scripts, lambda line: None)
        failures = self.in_order(results.findings)
        if why := results.missing():
            failures.append(why)
        self.findings[image], self.digests[image] = results.findings, results.digests
        self.check("replay", image, failures, started)

    def compare_digests(self):
        started = time.monotonic()
        reference_build = self.host_builds[0]
        reference = self.digests[reference_build]
        failures = [
            f"{name}: {digests[name]} in {build}, {reference[name]} in {reference_build}"
            for build, digests in self.digests.items()
            for name in sorted(reference.keys() & digests.keys())
            if digests[name] != reference[name]
        ]
        self.check("replay", "one scenario, one digest", failures, started)

    # --- proofs

    def prove(self, where, replay):
        """`replay(bug, script)` gives the signature that is found there, or None."""
        started = time.monotonic()
        failures = []
        for name, head in self.provable(where).items():
            script = ROOT / "corpus" / "regressions" / f"{name}.scenario"
            found = replay(head["bug"], script)
            if found != head["signature"]:
                failures.append(f"{name} is not flagged with {head['bug']}: {found or 'nothing found'}")
        self.check("proof", where, failures, started)

    def prove_on_host(self, preset):
        def replay(bug, script):
            runs = replayed(ROOT / "build" / preset / "fuzz" / f"kyufuzz.{bug}", script)
            return signature_of(runs[0]) if runs else "kyufuzz does not run"

        self.prove(preset, replay)

    def prove_on_board(self):
        def replay(bug, script):
            results = emulator.replay_in_qemu(emulator.image_file(f"{PROVING_IMAGE}.{bug}", "board"), [script], lambda line: None)
            return next(iter(results.findings.values()), results.missing())

        self.prove(PROVING_IMAGE, replay)

    # --- the release image, with real peers

    def transfer(self):
        started = time.monotonic()
        image = emulator.image_file(f"kyu{self.suffix}", "board")
        command = [sys.executable, TRANSFERS, "--board", image, "--transfers", str(INTERRUPTED_OF)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        failures = []
        if done.returncode == CANNOT:
            failures.append("no network namespace can be made here")
        elif done.returncode != 0:
            panic = re.search(r"^PANIC: .*", done.stdout, re.MULTILINE)
            failures.append(panic[0] if panic else last_line(done.stdout) or last_line(done.stderr))
        self.check("release image", f"{INTERRUPTED_OF} transfers, half interrupted; ping; echo", failures, started)

    # --- the verdict

    def run(self):
        self.build_all()
        if all(c["ok"] for c in self.checks):
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                jobs = [pool.submit(self.replay_on_host, p) for p in self.host_builds]
                jobs += [pool.submit(self.replay_on_board, i, p) for i, p in BOARD_REPLAYS.items()]
                if not self.bug:
                    jobs += [pool.submit(self.prove_on_host, p) for p in self.host_builds]
                    jobs.append(pool.submit(self.prove_on_board))
                for job in jobs:
                    job.result()
            self.compare_digests()
            self.transfer()
        self.checks.sort(key=lambda c: (GROUPS.index(c["group"]), place(c["name"])))  # they ended in any order
        return [f"{c['group']}, {c['name']}: {f}" for c in self.checks for f in c["failures"]]

    def corpus_hash(self):
        h = hashlib.sha256()
        for p in self.scripts:
            h.update(f"{p.relative_to(ROOT)}\0".encode() + p.read_bytes() + b"\0")
        return h.hexdigest()

    def manifest(self, elf, raw):
        return {
            "images": {p.name: {"sha256": hashlib.sha256(p.read_bytes()).hexdigest(), "bytes": p.stat().st_size} for p in (elf, raw)},
            "commit": git("rev-parse", "HEAD"),
            "changed_files": git("status", "--porcelain").splitlines(),
            "compiler": first_line(["arm-none-eabi-g++", "--version"]),
            "left_out": self.without,
            "corpus": {"scripts": len(self.scripts), "sha256": self.corpus_hash()},
        }

    def leave_image(self):
        elf, raw = self.out / "kyu.elf", self.out / "kyu.bin"
        shutil.copyfile(emulator.image_file("kyu", "board"), elf)
        subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", elf, raw], check=True)
        manifest = self.manifest(elf, raw)
        (self.out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        return manifest


def last_line(text):
    lines = [l for l in text.splitlines() if l.strip()]
    return lines[-1] if lines else "it does not say why"


def first_line(command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split("\n")[0]


def prepare(out):
    """An image of an earlier run must not be taken for this one's."""
    out.mkdir(parents=True, exist_ok=True)
    for name in ("kyu.elf", "kyu.bin", "manifest.json", "gate.json", "junit.xml", "index.html"):
        (out / name).unlink(missing_ok=True)


def main(argv):
    parser = OneLineParser(
        prog="ci/gate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", metavar="DIR", default=str(ROOT / "out" / "gate"), help="default: out/gate")
    parser.add_argument("--bug", metavar="NAME", help="with a historic defect put back: the gate must refuse")
    parser.add_argument("--without", metavar="BUILD", action="append", default=[], choices=HOST_BUILDS[1:],
                        help="of the host, leave this one out, and say so; for a machine that cannot run it: " + ", ".join(HOST_BUILDS[1:]))
    try:
        args = parser.parse_args(argv)
        check_bug(args.bug)
        gate = Gate(Path(args.out), args.bug, args.without)
        gate.check_machine()
        prepare(gate.out)
        started = time.monotonic()
        reasons = gate.run()
        manifest = None if reasons or args.bug else gate.leave_image()
        if args.bug and not reasons:
            reasons = [f"the seeded bug {args.bug} is in it, and nothing noticed"]
        gate_report.write(gate, reasons, manifest, round(time.monotonic() - started))
    except (OSError, CannotRun) as e:
        say(e)
        return 2
    if reasons:
        print(f"REFUSED: {reasons[0]}", *reasons[1:SHOWN], sep="\n  ")
        print(f"{len(reasons)} reasons; see {gate.out / 'index.html'}")
        return 1
    left_out = f", decided without {' and '.join(gate.without)}" if gate.without else ""
    print(f"PASS: the release may go out{left_out}: {gate.out / 'kyu.elf'}; see {gate.out / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
