"""Records that are kept as they come, a line of JSON each, so that a command that was killed goes on where it was."""

import json


class Journal:
    def __init__(self, path):
        self.path = path
        self.begun = False

    def records(self):
        """All of them; a line that was cut off is as if it had not been written, and so is a file that is not there."""
        try:
            text = self.path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return []
        return [r for r in map(parsed, text.splitlines()) if isinstance(r, dict)]

    def add(self, record):
        end = "" if self.begun or self.ends_whole() else "\n"
        with open(self.path, "a", encoding="utf-8") as f:
            f.write(end + json.dumps(record) + "\n")
        self.begun = True

    def ends_whole(self):
        return not self.path.exists() or self.path.read_bytes()[-1:] in (b"", b"\n")


def parsed(line):
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return None
