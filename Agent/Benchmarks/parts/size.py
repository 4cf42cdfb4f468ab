# SPDX-License-Identifier: Apache-2.0
"""Bytes of a JSON line, over the workload of the completeness test.

    run size [ACTS]

Of the workload's own events, as the agent writes them by default: all, and by kind.
"""
import collections
import json
import subprocess

from measure import Agent, folder, program

NEEDS = ["meropsd", "merops-workload"]


def run(arguments):
    acts = arguments[0] if arguments else "20000"
    count, size = collections.Counter(), collections.Counter()
    with folder() as path:
        with open(f"{path}/lines", "wb") as lines, Agent(path, output=lines).wait():
            subprocess.run(["mkdir", f"{path}/acts"], check=True)
            subprocess.run(
                ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$0" "$@"', program("merops-workload"), "--acts", acts,
                 "--rate", "5000", "--processes", "4", "--namespaces", "--dns", "53", "--folder", f"{path}/acts", "--ledger",
                 f"{path}/ledger"], check=True)
        with open(f"{path}/lines", "rb") as lines:
            for line in lines:
                event = json.loads(line)
                if event.get("process.name", "").startswith("merops-work"):
                    count[event["event"]] += 1
                    size[event["event"]] += len(line)
    print(f"{sum(size.values()) / sum(count.values()):6,.0f} bytes a line, of {sum(count.values()):,}")
    for kind, number in count.most_common():
        print(f"{size[kind] / number:6,.0f} {kind} ({number:,})")
