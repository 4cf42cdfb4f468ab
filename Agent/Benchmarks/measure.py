# SPDX-License-Identifier: Apache-2.0
"""What the parts share: programs, the agent, its counts, medians."""
import contextlib
import glob
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

PROGRAMS = pathlib.Path(__file__).resolve().parent.parent / ".build" / "release"


def program(name):
    return str(PROGRAMS / name)


def acts(mode, act, *numbers, user=None):
    """The lines of numbers that merops-acts prints."""
    command = [program("merops-acts"), mode, act, *map(str, numbers)]
    if user is not None:
        command = ["setpriv", f"--reuid={user}", "--clear-groups", *command]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [[float(word) for word in line.split()] for line in done.stdout.splitlines()]


def cpu_per_act(act, count, times=100, user=None):
    """Nanoseconds of CPU that an act takes of whoever does it: the lower quartile of so many times."""
    return statistics.quantiles((line[1] for line in acts("time", act, count, times, user=user)), n=4)[0]


def cpu_seconds(*processes):
    """What their threads have used."""
    total = 0
    for process in processes:
        for path in glob.glob(f"/proc/{process}/task/*/schedstat"):
            with contextlib.suppress(OSError):
                total += int(pathlib.Path(path).read_text().split()[0])
    return total / 1e9


def watching():
    """The kernel programs that are loaded: those of other agents, tests or tools would be measured, too."""
    return set(re.findall(r"^(\d+): (?!cgroup)", subprocess.run(
        ["bpftool", "prog", "show"], stdout=subprocess.PIPE, text=True, check=True).stdout, re.M))


def undisturbed(measurement):
    """Measures until nobody else watched meanwhile: no program is there before, and none comes beside those of the first moment.

    It is called with a function to call at that moment, when its own watcher is attached."""
    for _ in range(50):
        while watching():
            time.sleep(0.5)
        seen = []
        result = measurement(lambda: seen.append(watching()))
        if seen and seen[0] == seen[-1]:
            return result
        print("    measured again: other programs came into the kernel meanwhile", file=sys.stderr)
    sys.exit("other programs come into the kernel all the time")


@contextlib.contextmanager
def folder():
    path = tempfile.mkdtemp(prefix="merops-bench-")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def end(process, number=signal.SIGINT):
    process.send_signal(number)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Agent:
    """meropsd, with a socket and a store of its own."""

    def __init__(self, path, settings="", memory=True, output=subprocess.DEVNULL, json_lines=True):
        self.socket = os.path.join(path, "merops.sock")
        file = os.path.join(path, "merops.yaml")
        pathlib.Path(file).write_text(f"socket: {self.socket}\nstore:\n  folder: {path}/store\n{settings}")
        command = [program("meropsd"), "--config", file]
        command += ["--memory"] if memory else []
        command += ["--json"] if json_lines else []
        self.started = time.monotonic()
        self.errors = open(os.path.join(path, "errors"), "w+")
        self.process = subprocess.Popen(command, stdout=output, stderr=self.errors)

    def get(self, place):
        class Connection(http.client.HTTPConnection):
            def connect(self):
                self.sock = socket.socket(socket.AF_UNIX)
                self.sock.connect(self.host)

        connection = Connection(self.socket, timeout=30)
        connection.request("GET", place, headers={"Host": "merops"})
        reply = connection.getresponse().read()
        connection.close()
        return reply

    def status(self):
        return json.loads(self.get("/v1/status"))

    def wait(self):
        """Until it watches."""
        while True:
            try:
                self.status()
                return self
            except (OSError, ValueError):
                if self.process.poll() is not None:
                    self.errors.seek(0)
                    sys.exit(f"meropsd ended: {self.errors.read()[-1000:]}")
                time.sleep(0.01)

    def counts(self):
        """Events that were recorded, and those that were lost in the kernel, by the store or by the lines' queue."""
        status = self.status()
        counts = status["counts"].values()
        lost = sum(each["lost"] for each in counts) + sum(sink["lost"] for sink in status["sinks"])
        return sum(each["recorded"] for each in counts), lost + (status.get("store") or {}).get("lost", 0)

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process, signal.SIGTERM)
        self.errors.close()


def interval(values, of=statistics.median, rounds=2000):
    """95 % of the medians of samples drawn from these."""
    draw = random.Random(1)
    found = sorted(of(draw.choices(values, k=len(values))) for _ in range(rounds))
    return found[int(rounds * 0.025)], found[int(rounds * 0.975)]


def shown(values, form="{:,.0f}"):
    low, high = interval(values)
    return f"{form.format(statistics.median(values))} ({form.format(low)} to {form.format(high)})"
