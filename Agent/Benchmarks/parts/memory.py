# SPDX-License-Identifier: Apache-2.0
"""Resident memory of the agent as a service, while the workload goes on.

    run memory [MINUTES [ACTS A SECOND]]

The agent keeps its events in a store on disk. A line each minute: resident set, its share of pages that are shared (the ring's are
mapped twice), what is private to it, threads, CPU time and events so far.
"""
import pathlib
import re
import subprocess
import time

from measure import Agent, folder, program

NEEDS = ["meropsd", "merops-workload"]


def sizes(process):
    """Megabytes by smaps_rollup."""
    text = pathlib.Path(f"/proc/{process}/smaps_rollup").read_text()
    size = {name: int(kilobytes) / 1024 for name, kilobytes in re.findall(r"(\w+): +(\d+) kB", text)}
    return size["Rss"], size["Pss"], size["Anonymous"]


def run(arguments):
    minutes = int(arguments[0]) if arguments else 60
    rate = int(arguments[1]) if len(arguments) > 1 else 300
    with folder() as path, Agent(path, memory=False, json_lines=False).wait() as agent:
        print("minute   RSS MB   PSS MB  anonymous  threads  CPU s      events  lost", flush=True)
        begin = time.monotonic()
        for minute in range(minutes + 1):
            rss, pss, anonymous = sizes(agent.process.pid)
            threads = len(list(pathlib.Path(f"/proc/{agent.process.pid}/task").iterdir()))
            recorded, lost = agent.counts()
            print(f"{minute:6} {rss:8.1f} {pss:8.1f} {anonymous:10.1f} {threads:8} {agent.cpu():6.1f} {recorded:11,} {lost:5,}",
                  flush=True)
            if minute == minutes:
                break
            pathlib.Path(path, "acts").mkdir(exist_ok=True)
            subprocess.run(
                ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$0" "$@"', program("merops-workload"), "--acts",
                 str(rate * 60), "--rate", str(rate), "--processes", "4", "--namespaces", "--dns", "53", "--folder",
                 f"{path}/acts", "--ledger", f"{path}/ledger"], check=True)
            time.sleep(max(0, begin + 60 * (minute + 1) - time.monotonic()))
