#!/usr/bin/env python3
"""usage: page_test.py PROGRAM CORPUS [PICTURE]

The pages of `PROGRAM triage` in Chromium: the index filters, a bucket tells the story of 2022, nothing overflows, nothing
is asked of a network. PICTURE: a screenshot of the story is left there. Exit status 77: there is no Chromium.
"""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import browser

PROGRAM, CORPUS = sys.argv[1], Path(sys.argv[2])
PICTURE = sys.argv[3] if len(sys.argv) > 3 else None
STORY = "accept-keeps-nofdref"
OTHERS = ("listen-close-leaves-q0", "connect-checks-unlocked")


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp())
        for bug in (STORY, *OTHERS):
            folder = cls.dir / "in" / f"fuzz_stack.{bug}"
            folder.mkdir(parents=True)
            subprocess.run([PROGRAM, "assemble", CORPUS / "regressions" / f"{bug}.scenario", "-o", folder / "crash-1"],
                           check=True, stdout=subprocess.DEVNULL)
        (cls.dir / "in" / "new.txt").write_text("==1==ERROR: AddressSanitizer: heap-use-after-free on address <script>alert(1)</script>\n"
                                                "    #0 0x1 in nobody a.cc:1\n")
        cls.out = cls.dir / "out"
        subprocess.run([PROGRAM, "triage", cls.dir / "in", "--out", cls.out], check=False, capture_output=True)
        cls.browser = browser.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        shutil.rmtree(cls.dir)

    def setUp(self):
        self.browser.resize(1200, 900)

    def visible(self):
        return self.browser.run("return [...document.querySelectorAll('#buckets tbody tr')].filter(r => !r.hidden).map(r => r.innerText)")

    def filter(self, text, known=""):
        self.browser.run("""
            const set = (id, value, event) => { const e = document.getElementById(id); e.value = value; e.dispatchEvent(new Event(event)) };
            set('text', arguments[0], 'input'); set('known', arguments[1], 'change')""", text, known)
        return self.visible()

    def fits(self):
        """Nothing makes the page scroll sideways."""
        return self.browser.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")

    def is_quiet(self):
        asked = self.browser.run("return performance.getEntriesByType('resource').map(e => e.name)")
        self.assertEqual((asked, self.browser.complaints()), ([], []))

    def test_the_index_filters(self):
        self.browser.open(self.out / "index.html")
        self.assertEqual(len(self.visible()), 4)
        self.assertEqual([STORY in row for row in self.filter("NOFDREF")], [True])
        self.assertEqual([("new" in row) for row in self.filter("", "new")], [True])
        self.assertEqual(len(self.filter("", "known")), 3)
        self.assertEqual(self.filter("no such thing"), [])
        self.assertTrue(self.fits())
        self.is_quiet()

    def test_links_lead_to_the_buckets(self):
        self.browser.open(self.out / "index.html")
        for link in self.browser.run("return [...document.querySelectorAll('#buckets a')].map(a => a.getAttribute('href'))"):
            self.browser.open(self.out / link)
            self.assertTrue(self.browser.run("return document.querySelector('h1').innerText.length > 0"))
            self.is_quiet()

    def test_the_story_is_told(self):
        self.browser.open(self.out / "buckets" / STORY / "index.html")
        text = self.browser.run("return document.body.innerText")
        for word in ("which is free", "SS_NOFDREF", "freed", "sonewconn", "sofree", f"--bug {STORY}", "tcp_accept"):
            self.assertIn(word, text)
        boxes = self.browser.run("""
            const svg = document.querySelector('svg').getBoundingClientRect();
            const texts = [...document.querySelectorAll('svg text')].map(t => t.getBoundingClientRect());
            return [svg.width, svg.height, texts.length,
                    texts.filter(t => t.left < svg.left - 1 || t.right > svg.right + 1 || t.bottom > svg.bottom + 1).length]""")
        self.assertGreater(min(boxes[:2]), 200)
        self.assertGreater(boxes[2], 10)
        self.assertEqual(boxes[3], 0)  # none is cut off
        self.assertTrue(self.fits())
        self.is_quiet()
        self.browser.resize(420, 800)  # a telephone: what is wide scrolls by itself
        self.assertTrue(self.fits())

    def test_what_came_from_outside_is_text(self):
        self.browser.open(self.out / "index.html")
        self.assertEqual(self.browser.run("return document.querySelectorAll('#buckets script').length"), 0)
        self.assertIn("<script>", " ".join(self.visible()))

    @unittest.skipUnless(PICTURE, "no picture is wanted")
    def test_a_picture(self):
        self.browser.open(self.out / "buckets" / STORY / "index.html")
        self.browser.resize(1240, 900)
        missing = self.browser.run("return Math.ceil(document.querySelector('#life').getBoundingClientRect().bottom) + 16 - innerHeight")
        self.browser.resize(1240, 900 + missing)
        Path(PICTURE).write_bytes(self.browser.picture())


if __name__ == "__main__":
    if not browser.available():
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
