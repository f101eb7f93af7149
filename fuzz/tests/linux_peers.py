#!/usr/bin/env python3
"""usage: linux_peers.py PROGRAM [--seconds N] [--kilobytes N]

The stack over TAP against programs that others wrote, in a network namespace of its own. Against dnsmasq,
`PROGRAM fetch` gets an address by DHCP, resolves the server's name, and reads a file by TFTP, on a good wire
and on one that loses frames; a name that there is not, and a file that there is not, are said so. Then
`PROGRAM serve --address dhcp --iperf3` is measured by iperf3: one stream, four, the other way, and both. Every
pool must be full again afterwards.

Exit status: 0 as it should be, 1 not so, 77 this machine cannot make network namespaces.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile

from linux_host import CLIENT, Namespace

NAME, LENT = "boot.example", "10.77.0.50"
SMALL = 20000  # bytes, where each block that is lost costs a second
BAD_WIRE = ["--loss", "10", "--duplicate", "2", "--jitter", "20"]


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("--seconds", type=int, default=1, help="of each of iperf3's tests")
    p.add_argument("--kilobytes", type=int, default=300, help="of the file")
    return p.parse_args()


class Dnsmasq:
    """A server of DHCP, DNS and TFTP for the namespace."""

    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        self.server = subprocess.Popen(
            ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--no-ping",
             "--user=root", "--interface=kyu0", "--bind-interfaces", f"--pid-file={self.folder}/pid",
             f"--dhcp-leasefile={self.folder}/leases", f"--dhcp-range={LENT},{LENT},255.255.255.0,1h",
             "--local=/example/", f"--address=/{NAME}/{CLIENT}", "--enable-tftp", f"--tftp-root={self.folder}", "--log-facility=-"],
            stderr=subprocess.PIPE, text=True)
        for line in self.server.stderr:
            if "TFTP root" in line:
                break
        self.server.stderr.close()
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()


def fetch(program, folder, wire, *more, file="image"):
    """Its exit status and all that it said."""
    done = subprocess.run([program, "fetch", "--tap", "kyu0", "--address", "dhcp", *wire, *more, file,
                           "-o", f"{folder}/got"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def fetch_errors(program, folder, image):
    """What went wrong with the files."""
    errors = []
    for wire, file, content in ([], "image", image), (BAD_WIRE, "small", image[:SMALL]):
        status, said = fetch(program, folder, wire, "--server", NAME, file=file)
        got = open(f"{folder}/got", "rb").read() if os.path.exists(f"{folder}/got") else b""
        print(said.strip().splitlines()[0], f"; {len(got)} bytes", *wire)
        for wanted in f"address {LENT}/24 from {CLIENT}", f"name server {CLIENT}", f"{NAME} is {CLIENT}":
            if wanted not in said:
                errors.append(f"not said: {wanted}: {said}")
        if status != 0 or got != content:
            errors.append(f"fetch {wire}: status {status}, {len(got)} of {len(content)} bytes: {said}")
    for more, file, wanted in [(["--server", "none.example"], "image", "none.example: EADDRNOTAVAIL"),
                               ([], "nothing", f"nothing from {CLIENT}: ECONNREFUSED")]:
        os.path.exists(f"{folder}/got") and os.unlink(f"{folder}/got")
        status, said = fetch(program, folder, [], *more, file=file)
        if status != 2 or wanted not in said or os.path.exists(f"{folder}/got"):
            errors.append(f"wanted: {wanted}, status 2 and no file; got {status}: {said}")
    return errors


def iperf3(seconds, *how):
    """An error text, or None."""
    done = subprocess.run(["iperf3", "-c", LENT, "-t", str(seconds), "--json", *how], stdout=subprocess.PIPE, text=True)
    result = json.loads(done.stdout)
    if done.returncode != 0 or "error" in result:
        return f"iperf3 {how}: {result.get('error', done.returncode)}"
    sums = {k: v for k, v in result["end"].items() if k.startswith("sum")}
    received = [v for k, v in sums.items() if k.startswith("sum_received")]
    print(f"iperf3 {' '.join(how):12}", *(f"{v['bits_per_second'] / 1e6:8.1f} Mbit/s" for v in received))
    for k, v in sums.items():
        if v["bytes"] == 0:
            return f"iperf3 {how}: {k} is nothing"
    return None


def serve_errors(program, seconds):
    """What went wrong with iperf3."""
    server = subprocess.Popen([program, "serve", "--tap", "kyu0", "--address", "dhcp", "--iperf3"],
                              stdout=subprocess.PIPE, text=True)
    said = server.stdout.readline()
    while LENT not in said:
        said = server.stdout.readline() or sys.exit("no address")
    errors = [iperf3(seconds, *how) for how in ([], ["-P", "4"], ["-R"], ["--bidir"])]
    refused = subprocess.run(["iperf3", "-c", LENT, "-u", "-t", "1"], capture_output=True, text=True)
    if refused.returncode == 0:
        errors.append("iperf3 -u: taken, although there is no UDP test")
    server.send_signal(signal.SIGTERM)
    said, _ = server.communicate(timeout=600)
    print(said.strip().splitlines()[-1])
    if server.returncode != 0:
        errors.append(f"serve: status {server.returncode}: {said}")
    return [e for e in errors if e]


def main(args):
    image = bytes(i * i >> 3 & 255 for i in range(args.kilobytes * 1000))
    with Namespace(), tempfile.TemporaryDirectory() as folder:
        for name, content in ("image", image), ("small", image[:SMALL]):
            with open(f"{folder}/{name}", "wb") as f:
                f.write(content)
        with Dnsmasq(folder):
            errors = fetch_errors(args.program, folder, image)
            errors += serve_errors(args.program, args.seconds)
    print(*errors, sep="\n")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(arguments()))
