# SPDX-License-Identifier: Apache-2.0
"""Kills a process at random moments while it appends to a store, and looks into its files.

    run kills [KILLS [MICROSECONDS]]

MICROSECONDS is the child's pause between two batches of 256 events. Python's SQLite is the second witness: what the store
said was committed has to be there, each transaction has to be whole, and each file sound. Prints the age of the oldest event that
a kill took.
"""
import glob
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

from measure import program

NEEDS = ["store-child"]
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def number(text):
    value = 0
    for character in text:
        value = value << 5 | ALPHABET.index(character)
    return value


def run(arguments):
    kills = int(arguments[0]) if arguments else 200
    pause = arguments[1] if len(arguments) > 1 else "2000"
    folder = tempfile.mkdtemp(prefix="merops-kills-")
    ages, appended, checked = [], 0, 0
    try:
        for _ in range(kills):
            child = subprocess.Popen([program("store-child"), folder, pause], stdout=subprocess.PIPE)
            end = time.monotonic() + random.uniform(0.05, 2.5)
            chunks = []
            while time.monotonic() < end:
                chunks.append(os.read(child.stdout.fileno(), 1 << 20))
                if not chunks[-1]:
                    sys.exit(f"kills: the child ended: {b''.join(chunks)[-300:]}")
            child.kill()
            killed = time.monotonic_ns()
            chunks.append(child.stdout.read())
            child.wait()
            lines = [line.split() for line in b"".join(chunks).decode().split("\n")[:-1]]
            batches = [(number(a[1]), number(a[2]), int(a[3])) for a in lines if a[0] == "appended"]
            committed = max([number(a[1]) for a in lines if a[0] == "committed"], default=0)
            files = sorted(glob.glob(folder + "/events-*.db"))
            if not files or glob.glob(folder + "/*.damaged*"):
                sys.exit("kills: a file is missing or damaged")
            databases = [sqlite3.connect(file) for file in files[-3:]]
            for database in databases[-1:]:
                if database.execute("PRAGMA quick_check").fetchone() != ("ok",):
                    sys.exit(f"kills: {files[-1]} is not sound")
            # A file that has just been begun has no tables.
            databases = [each for each in databases if each.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]]
            lost = 0
            for first, last, moment in batches:
                there = sum(
                    database.execute("SELECT count(*) FROM events WHERE id BETWEEN ? AND ?", (first, last)).fetchone()[0]
                    for database in databases)
                if there != 256 and (there != 0 or last <= committed):
                    sys.exit(f"kills: of a batch of 256, {there} are there; committed: {last <= committed}")
                checked += there
                if there == 0 and not lost:
                    lost = killed - moment
            for database in databases:
                database.close()
            appended += len(batches) * 256
            ages.append(lost / 1e6)
            if len(files) > 12:
                for file in files[:6]:
                    os.unlink(file)
    finally:
        shutil.rmtree(folder)
    ages.sort()
    print(f"kills: {kills} kills, {appended} events appended, {checked} there, none missing that was committed; "
          f"the oldest event that was lost was {ages[len(ages) // 2]:.0f} ms old (median), {ages[-1]:.0f} ms (worst)")
