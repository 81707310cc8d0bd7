#!/usr/bin/env python3
"""Kills training runs and studies, lets them go on, and compares what comes out with what came out undisturbed, bit by
bit except for seconds and dates.

    torture.py RAVINE HOOK [--minutes N | --quick] [--seed S]

RAVINE is the program, HOOK the library of hook.cpp. A process is killed at every call that changes a file, by
count, in the midst of writes, and at random moments; it gets signals; its disk is full once, or from some call on. Each
kind of work has its line at the end. Exit status 1 where anything differed, was left behind, or did not go on.
"""
import argparse
import csv
import io
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def without_seconds(value):
    """JSON without what differs from run to run."""
    if isinstance(value, dict):
        return {key: without_seconds(item) for key, item in value.items()
                if "seconds" not in key and key not in ("created", "work", "command")}
    if isinstance(value, list):
        return [without_seconds(item) for item in value]
    return value


def table(text):
    rows = [row for row in csv.reader(io.StringIO(text))]
    kept = [i for i, name in enumerate(rows[0]) if "seconds" not in name]
    return [[row[i] for i in kept] for row in rows if not any("seconds" in cell for cell in row[:2])]


def tensors(data):
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    metadata = header.get("__metadata__", {})
    if "ravine.state" in metadata:
        metadata["ravine.state"] = without_seconds(json.loads(metadata["ravine.state"]))
    return header, data[8 + length:]


UNCOMPARED = {"table2.csv", "claims.csv", "acet.json"}  # what they say of seconds is all through them


def essence(path):
    """What a file must be in every run alike."""
    if path.suffix in (".html", ".svg", ".png") or path.name in UNCOMPARED:
        return "there"
    data = path.read_bytes()
    if path.suffix == ".safetensors":
        return tensors(data)
    if path.suffix == ".jsonl":
        return [without_seconds(json.loads(line)) for line in data.decode().splitlines()]
    if path.suffix == ".json":
        return without_seconds(json.loads(data))
    return table(data.decode()) if path.suffix == ".csv" else data


def contents(folder):
    return {str(path.relative_to(folder)): essence(path) for path in sorted(folder.rglob("*")) if path.is_file()}


class Work:
    """Something that can be killed, and told to go on by the same command, or by another."""

    def __init__(self, name, arguments, resumes=False):
        self.name, self.arguments, self.resumes = name, arguments, resumes
        self.counts, self.failures = {}, []

    def command(self, out):
        if self.resumes and (out / "config.toml").exists():
            return ["train", "--resume", str(out), "--save-every", "0"]
        return self.arguments + ["--out", str(out)] + (["--save-every", "0"] if self.resumes else [])


class Torture:
    def __init__(self, program, hook, folder, seed):
        self.program, self.hook, self.folder = program, hook, folder
        self.random = random.Random(seed)
        self.attempt = 0
        # Without gnuplot: a picture takes longer than all training.
        self.environment = {"PATH": "/nowhere", "HOME": str(folder), "OMP_WAIT_POLICY": "passive"}

    def start(self, work, out, at=None, how="kill"):
        environment = dict(self.environment)
        if at is not None:
            environment.update(LD_PRELOAD=str(self.hook), RAVINE_TORTURE_AT=str(at), RAVINE_TORTURE_HOW=how,
                               RAVINE_TORTURE_COUNT=str(self.folder / "count") if at == 0 else "")
        return subprocess.Popen([self.program] + work.command(out), env=environment, cwd=self.folder,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def run(self, work, out, at=None, how="kill"):
        process = self.start(work, out, at, how)
        errors = process.communicate(timeout=600)[1]
        return process.returncode, errors

    def fresh(self):
        self.attempt += 1
        return self.folder / f"attempt-{self.attempt}"

    def learn(self, work):
        """Runs it undisturbed: what comes out, how long it takes, and how many calls change files."""
        work.undisturbed_at = self.folder / f"undisturbed-{work.name.replace(' ', '-')}"
        begin = time.monotonic()
        status, errors = self.run(work, work.undisturbed_at, 0)
        work.seconds = time.monotonic() - begin
        if status != 0:
            sys.exit(f"torture: {work.name} fails undisturbed: {errors}")
        work.calls = int((self.folder / "count").read_text())
        work.undisturbed = contents(work.undisturbed_at)

    def fail(self, work, what, out):
        work.failures.append(what)
        print(f"{work.name}: {what} ({out})", flush=True)

    def finish(self, work, out, what):
        """Lets it go on, and compares."""
        status, errors = self.run(work, out)
        if status != 0:
            return self.fail(work, f"{what}: does not go on: {errors.strip()}", out)
        try:
            now = contents(out)
        except (ValueError, KeyError, struct.error) as error:
            return self.fail(work, f"{what}: a damaged file: {error}", out)
        different = [name for name in sorted(now.keys() | work.undisturbed.keys())
                     if now.get(name) != work.undisturbed.get(name)]
        if different:
            return self.fail(work, f"{what}: different: {', '.join(different)}", out)
        shutil.rmtree(out)

    def killed_at(self, work, at, how):
        out, what = self.fresh(), f"{how} at call {at}"
        status, errors = self.run(work, out, at, how)
        if how in ("kill", "torn"):
            if status not in (-signal.SIGKILL, 0):
                return self.fail(work, f"{what}: ended with {status}: {errors.strip()}", out)
            if self.random.random() < 0.3:  # and what goes on is killed too
                again = self.random.randrange(1, work.calls + 1)
                what += f", then at {again}"
                self.run(work, out, again, how)
        else:
            lines = errors.splitlines()
            if status not in (0, 1, 2) or (status > 0 and not (lines and lines[-1].startswith("ravine: "))):
                return self.fail(work, f"{what}: ended with {status}: {errors.strip()}", out)
            left = [path.name for path in out.rglob("*.tmp-*")] if out.exists() else []
            if left:
                return self.fail(work, f"{what}: left {', '.join(left)}", out)
        self.finish(work, out, what)

    def killed_after(self, work, number):
        out, what = self.fresh(), signal.Signals(number).name
        for _ in range(self.random.randrange(1, 4)):
            process = self.start(work, out)
            moment = self.random.uniform(0, 1.1 * work.seconds)
            what += f" after {moment:.4f} s"
            try:
                errors = process.communicate(timeout=moment)[1]
            except subprocess.TimeoutExpired:
                process.send_signal(number)
                errors = process.communicate(timeout=600)[1]
            if process.returncode not in (0, 1, -number) or (process.returncode == 1 and "interrupted" not in errors):
                return self.fail(work, f"{what}: ended with {process.returncode}: {errors.strip()}", out)
        self.finish(work, out, what)

    def attacks(self, work, most=None):
        """In a random order: a kill at each call, or at some; the other kinds as often as there is time."""
        calls = list(range(1, work.calls + 1))
        self.random.shuffle(calls)
        for at in calls[:most]:
            yield "kill", lambda at=at: self.killed_at(work, at, "kill")
            how = self.random.choice(["torn", "fail", "full"])
            other = self.random.choice(calls)
            yield how, lambda: self.killed_at(work, other, how)
            number = self.random.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
            yield "random moment", lambda: self.killed_after(work, number)


def plain_work():
    train = ["train", "spiral:examples=90", "--model", "mlp:hidden=6,dropout=0.2", "--epochs", "2", "--batch", "16"]
    return [
        Work("train", train, resumes=True),
        Work("compare", ["compare", "spiral:examples=90", "--optimizer", "sgd", "--optimizer", "adam", "--model",
                         "mlp:hidden=6", "--epochs", "2", "--seeds", "2"]),
    ]


def all_work():
    train = ["train", "spiral:examples=150", "--model", "mlp:hidden=8,normalization=batch,dropout=0.2", "--batch", "20",
             "--epochs", "4", "--log-every", "2"]
    return plain_work() + [
        Work("train augmented", train + ["--augment", "noise:deviation=0.2+mixup:alpha=0.4", "--optimizer", "nadam"], True),
        Work("train targets gate", train + ["--targets", "acet:initial=0.4,increment=0.3,epochs_per_increment=1",
                                            "--gate", "equilibrium:epsilon=0.5", "--optimizer", "nesterov"], True),
        Work("train curriculum", train + ["--curriculum", "stochastic:first_epochs=1", "--anneal",
                                          "temperature:start=2", "--optimizer", "delta-bar-delta"], True),
        Work("train cut short f64", train + ["--max-steps", "14", "--precision", "f64"], True),
        Work("train average early plateau", train + ["--average", "ema:decay=0.9", "--stop", "early:patience=2", "--rate",
                                                     "plateau:patience=1,factor=0.5", "--optimizer", "adam",
                                                     "--schedule", "constant"], True),
        Work("train restarts early", train + ["--schedule", "sgdr:period=1", "--stop",
                                              "early:monitor=validation_accuracy,patience=1", "--optimizer", "momentum"], True),
        Work("train values", ["train", "noisy-sine:examples=100", "--epochs", "4", "--model", "mlp:hidden=8"], True),
        Work("compare tuned", ["compare", "spiral:examples=90", "--optimizer", "sgd", "--optimizer", "adam", "--model",
                               "mlp:hidden=6", "--epochs", "2", "--seeds", "2", "--tune", "learning_rate", "--values",
                               "0.01,0.1", "--tuning-seeds", "1"]),
        Work("compare averaged", ["compare", "spiral:examples=90", "--optimizer", "adam", "--model", "mlp:hidden=6", "--epochs",
                                  "3", "--seeds", "2", "--average", "none", "--average", "ema", "--schedule", "sgdr", "--stop",
                                  "early:patience=2"]),
        Work("reproduce acet", ["reproduce", "acet", "--quick", "--only", "spiral,circles", "--seeds", "1"]),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("hook", type=Path)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--quick", action="store_true", help="some seconds: two kinds of work, a few kills of each")
    parser.add_argument("--seed", type=int, default=None, help="repeats the choices of an earlier run")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    folder = Path(tempfile.mkdtemp(prefix="ravine-torture-"))
    torture = Torture(options.program.resolve(), options.hook.resolve(), folder, seed)
    works = plain_work() if options.quick else all_work()
    for work in works:
        torture.learn(work)
    end = time.monotonic() + 60 * options.minutes
    most = 6 if options.quick else None
    queues = [(work, torture.attacks(work, most)) for work in works]
    while queues and time.monotonic() < end:
        for work, attacks in list(queues):
            kind, attack = next(attacks, (None, None))
            if attack is None:
                # All calls are through: again, in another order, while there is time.
                queues.remove((work, attacks))
                if not options.quick:
                    queues.append((work, torture.attacks(work)))
                continue
            attack()
            work.counts[kind] = work.counts.get(kind, 0) + 1
    width = max(len(work.name) for work in works)
    for work in works:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(work.counts.items()))
        print(f"{work.name:{width}}  {work.calls:4} calls  {kinds}: {len(work.failures)} failures")
    failures = sum(len(work.failures) for work in works)
    attacks = sum(sum(work.counts.values()) for work in works)
    print(f"{attacks} disturbances, {failures} failures (seed {seed})")
    if failures == 0:
        shutil.rmtree(folder)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
