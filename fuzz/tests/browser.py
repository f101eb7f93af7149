"""Chromium without a window, by WebDriver (W3C), and without any network."""

import base64
import json
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
             "--disable-background-networking", "--disable-component-update", "--hide-scrollbars"]


def available():
    return shutil.which("chromedriver") is not None and shutil.which("chromium") is not None


class Browser:
    def __init__(self, width=1200, height=900):
        self.profile = tempfile.mkdtemp()
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        port = next(line for line in self.driver.stdout if "successfully on port" in line).rstrip(".\n").split()[-1]
        self.base = f"http://127.0.0.1:{port}/session"
        options = {"binary": shutil.which("chromium"),
                   "args": [*ARGUMENTS, f"--user-data-dir={self.profile}", f"--window-size={width},{height}"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        session = self.call("", {"capabilities": {"alwaysMatch": wanted}})
        self.base += "/" + session["sessionId"]

    def call(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())["value"]
        except urllib.error.HTTPError as e:
            raise RuntimeError(json.loads(e.read())["value"]["message"]) from None

    def open(self, path):
        self.call("/url", {"url": path.absolute().as_uri()})

    def run(self, script, *arguments):
        """The value of a JavaScript function's body."""
        return self.call("/execute/sync", {"script": script, "args": list(arguments)})

    def complaints(self):
        """What the console says since it was asked last."""
        return [e["message"] for e in self.call("/se/log", {"type": "browser"})]

    def picture(self):
        """Of the window, as PNG."""
        return base64.b64decode(self.call("/screenshot"))

    def resize(self, width, height):
        self.call("/window/rect", {"width": width, "height": height})
        time.sleep(0.2)

    def close(self):
        try:
            self.call("", method="DELETE")
        finally:
            self.driver.kill()
            self.driver.wait()
            self.driver.stdout.close()
            shutil.rmtree(self.profile, ignore_errors=True)
