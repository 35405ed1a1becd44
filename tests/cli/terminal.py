"""A terminal with a program in it, by tmux: keys go in, and what is seen comes out."""

import os
import shutil
import subprocess
import sysconfig
import time
from itertools import count

SCRIPTS = sysconfig.get_path("scripts")
KEYS = ("Tab", "Enter", "Up", "C-d", "C-r", "C-u")
NUMBERS = count()
PATIENCE = 20  # seconds until what does not appear is missed


class Screen:
    """For a `with`: the program runs until its end."""

    def __init__(self, command, home):
        self.socket = f"gradcalc-{os.getpid()}-{next(NUMBERS)}"  # a server of its own
        path = f"{SCRIPTS}:{os.environ['PATH']}"
        clean = f"env -i HOME={home} PATH={path} TERM=xterm-256color LC_ALL=C.UTF-8"
        size = ("-x", "100", "-y", "30", "-c", str(home))
        self("-f", os.devnull, "new-session", "-d", *size, f"{clean} {command}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self("kill-server")

    def __call__(self, *words):
        tmux = ["tmux", "-L", self.socket, *words]
        return subprocess.run(tmux, capture_output=True, text=True).stdout

    def type(self, *keys):
        for key in keys:
            self("send-keys", *([key] if key in KEYS else ["-l", "--", key]))

    def sees(self, *texts):
        """Whether a line comes to end with one of these."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if any(row.rstrip().endswith(texts) for row in self("capture-pane", "-p").splitlines()):
                return True
            time.sleep(0.05)
        return False


def is_there(*programs):
    """Whether tmux and these are installed."""
    return all(map(shutil.which, ("tmux", *programs)))
