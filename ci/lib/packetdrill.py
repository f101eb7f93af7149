"""Runs packetdrill scripts against this stack by way of libkyu_packetdrill.so, in virtual time.

A script's init commands (sysctl, tc, ip, ethtool) configure the host's kernel, which is not what is tested:
they do nothing here. Exit status: 0 all pass, 1 some fail, 2 bad arguments.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "fuzz" / "packetdrill" / "scripts"
LIBRARY = ROOT / "build" / "release" / "fuzz" / "libkyu_packetdrill.so"
HOST_COMMANDS = ["sysctl", "tc", "ip", "ethtool"]
# packetdrill asks the host's kernel, not the library, what these look at.
CODE = re.compile(r"^[^\n/]*%\{.*?\}%[^\n]*\n", re.S | re.M)


def arguments():
    p = argparse.ArgumentParser(prog="ci/packetdrill", description=__doc__.split("\n")[0])
    p.add_argument("--packetdrill", required=True, type=Path, help="the packetdrill program, built from its sources")
    p.add_argument("--without-code", action="store_true", help="leave out %%{ }%% blocks: they read the host's TCP_INFO")
    p.add_argument("path", nargs="*", type=Path, default=[SCRIPTS], help="scripts, or folders of them [our own]")
    args = p.parse_args()
    if not os.access(args.packetdrill, os.X_OK):
        p.error(f"{args.packetdrill}: not a program")
    for path in args.path:
        if not path.exists():
            p.error(f"{path}: no such file")
    return args


def scripts_in(paths):
    for path in paths:
        yield from sorted(path.rglob("*.pkt")) if path.is_dir() else [path]


def why(output):
    lines = [line for line in output.splitlines() if ".pkt" in line]
    return lines[0].split(":", 1)[1].strip() if lines else "no reason given"


def run(program, script, env, without_code):
    text = script.read_text()
    plain = CODE.sub("", text) if without_code else text
    command = [program.resolve(), f"--so_filename={LIBRARY}", "--ip_version=ipv4", "--local_ip=192.168.0.1",
               "--gateway_ip=192.168.0.254", "--tolerance_usecs=10000"]
    with tempfile.NamedTemporaryFile("w", suffix=".pkt") as copy:
        copy.write(plain)
        copy.flush()
        try:
            done = subprocess.run([*command, copy.name], cwd=script.parent, env=env, capture_output=True, text=True,
                                  timeout=60, check=False)
        except subprocess.TimeoutExpired:
            return "it does not end"
    return None if done.returncode == 0 else why(done.stdout + done.stderr)


def main():
    args = arguments()
    passed = total = 0
    with tempfile.TemporaryDirectory() as harmless:
        for name in HOST_COMMANDS:
            command = Path(harmless) / name
            command.write_text("#!/bin/sh\nexit 0\n")
            command.chmod(0o755)
        env = os.environ | {"PATH": f"{harmless}:{os.environ['PATH']}"}
        for script in scripts_in(args.path):
            reason = run(args.packetdrill, script.resolve(), env, args.without_code)
            total += 1
            passed += reason is None
            print(f"ok    {script}" if reason is None else f"FAIL  {script}: {reason}", flush=True)
    print(f"{passed} of {total} pass")
    return 0 if passed == total else 1


if __name__ == "__main__":
    sys.exit(main())
