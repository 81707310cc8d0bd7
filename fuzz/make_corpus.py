#!/usr/bin/env python3
"""Writes the generated part of fuzz/corpus: `python3 fuzz/make_corpus.py build/release/ravine`.

Small files of every kind that Ravine reads; those of runs and studies are what the program itself writes. Files that
are there and have other names, inputs that once broke something, are left alone.
"""
import bz2
import gzip
import io
import json
import lzma
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path

import numpy

corpus = Path(__file__).parent / "corpus"


def put(target, name, content):
    folder = corpus / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def npy(array, fortran=False):
    out = io.BytesIO()
    numpy.save(out, numpy.asfortranarray(array) if fortran else array)
    return out.getvalue()


def tables():
    put("csv", "numbers", "a,b,y\n1,2.5,0\n3,-4e2,1\n0,1,0\n7,2,1\n" * 1)
    put("csv", "texts", '\ufeffcolour,"the ""size""",y\r\nred,"a,b",1\r\n"blue\nish",c,2\r\nred,c,3\r\n')
    put("csv", "classes", "x,y\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(10)))
    put("csv", "packed", gzip.compress(b"a,y\n1,2\n3,4\n", mtime=0))
    put("whitespace-table", "numbers", " 1 2.5\t3\n\n4 5 6\n7 8 9\n1 1 1\n")
    put("whitespace-table", "header", "a b class\n1 2 x\n2 3 y\n3 3 x\n4 5 y\n")


def arrays():
    floats = numpy.arange(12, dtype="<f4").reshape(4, 3)
    for name, array in {"f4": floats, "f8be": floats.astype(">f8"), "i1": floats.astype("i1"), "u1": floats.astype("u1"),
                        "i8": floats.astype("<i8"), "f2": floats.astype("<f2"), "b1": floats > 3}.items():
        put("npy", name, npy(array))
    put("npy", "fortran", npy(floats, fortran=True))
    labels = numpy.array([0, 1, 0, 1])
    for name, save, arrays in [
        ("plain", numpy.savez, {"x": floats, "y": labels}),
        ("packed", numpy.savez_compressed, {"x_train": floats, "y_train": labels, "x_test": floats, "y_test": labels}),
        ("images", numpy.savez_compressed, {"images": numpy.zeros((4, 1, 2, 2), "u1"), "labels": labels}),
        ("values", numpy.savez, {"X": floats, "Y": floats[:, :2]})]:
        out = io.BytesIO()
        save(out, **arrays)
        put("npz", name, out.getvalue())


def idx():
    images = struct.pack(">4I", 0x803, 2, 2, 3) + bytes(range(12))
    put("idx", "images", images)
    put("idx", "labels", struct.pack(">2I", 0x801, 4) + bytes([0, 1, 2, 1]))
    put("idx", "packed", gzip.compress(images, mtime=0))


def archives():
    record = bytes([3]) + bytes(3072)
    files = {f"cifar-10-batches-bin/{name}": record for name in
             [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    tar = out.getvalue()
    put("archive", "gz", gzip.compress(tar, mtime=0))
    put("archive", "bz2", bz2.compress(tar))
    put("archive", "xz", lzma.compress(tar))
    put("archive", "twice", gzip.compress(gzip.compress(tar, mtime=0), mtime=0))
    put("archive", "whole-file", gzip.compress(record, mtime=0))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    put("archive", "zip", out.getvalue())
    for name, start in [("lrzip", b"LRZI\0\6" + bytes(20)), ("grzip", b"GRZipII\0\2\4:)"), ("lz4", b"\x04\x22\x4d\x18")]:
        put("archive", name, start + b"x" * 100)


def images():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    for name, depth, colour, row in [("grey", 8, 0, b"\0ab"), ("rgb", 8, 2, b"\0abcdef"), ("palette", 2, 3, b"\0\x40"),
                                     ("alpha16", 16, 6, b"\0" + b"ab" * 8)]:
        palette = chunk(b"PLTE", bytes(12)) if colour == 3 else b""
        put("image", name, b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", 2, 2, depth, colour, 0, 0, 0)) + palette
            + chunk(b"IDAT", zlib.compress(row * 2)) + chunk(b"IEND", b""))
    if not shutil.which("cjpeg"):
        print("no cjpeg (package libjpeg-turbo-progs): no JPEG images")
        return
    ppm = b"P6 16 9 255\n" + bytes(range(256)) + bytes(176)
    for name, options in [("jpeg", []), ("progressive", ["-progressive"]), ("jpeg-grey", ["-grayscale"]),
                          ("restarts", ["-restart", "1"])]:
        put("image", name, subprocess.run(["cjpeg", "-quality", "30", *options], input=ppm, capture_output=True,
                                          check=True).stdout)


def safetensors(tensors, metadata=None):
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for name, (kind, shape, content) in tensors.items():
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def texts():
    put("safetensors", "types", safetensors({"a": ("F64", [2], bytes(16)), "b": ("F32", [1, 2], bytes(8)),
                                              "c": ("F16", [], bytes(2)), "d": ("BF16", [3], bytes(6)),
                                              "e": ("I64", [0], b"")}, {"format": "pt"}))
    schema = json.dumps({"dataset": "d", "task": "classification", "feature_shape": [2], "output_count": 2, "classes": ["a", "b"],
                         "columns": [{"name": "p", "categories": []}, {"name": "q", "categories": []}], "target": "y",
                         "normalization": {"mean": [0, 0], "deviation": [1, 1]},
                         "target_normalization": {"mean": [0, 0], "deviation": [1, 1]}})
    weights = {"0.weight": ("F32", [2, 2], bytes(16)), "0.bias": ("F32", [2], bytes(8))}
    for name, model in [("spec", "mlp:hidden=3,activation=tanh"), ("layers", '[model]\nlayers = ["dense:units=3", "relu", "dense"]')]:
        put("model-metadata", name, model + "\n---\n" + schema)
    for name, model in [("logistic", '[model]\nlayers = ["dense"]\n'), ("deep-key", "[model]\n" + "a." * 3000 + "a = 1\n")]:
        put("model", name, safetensors(weights, {"ravine.model": model, "ravine.loss": "cross-entropy", "ravine.schema": schema}))
    put("checkpoint", "another-model", safetensors(weights, {"ravine.state": "{}", "ravine.numbers": "{}", "ravine.counters": "{}"}))
    put("curriculum", "three", '{"seconds":0.5,"forward_passes":3,"backward_passes":3,"losses":[0.5,1.25,null]}')
    put("description", "residual", """[model]
name = "net"
layers = [
    "convolution:channels=4,kernel=3", "relu",
    { layer = "convolution", channels = 4, kernel = 3, padding = 1, name = "again" },
    { layer = "add", from = ["again"] },
    "flatten", "dense",
]
[[model.heads]]
at = "again"
weight = 0.5
layers = ["flatten", "dense"]
""")
    put("config", "all-kinds", """dataset = "spiral:examples=60"
model = "mlp:hidden=4-3,activation=tanh"
optimizer = "adam:beta1=0.8"
epochs = 3
weight_decay = 1e-3
train_scores = true
augment = ["flip", "noise"]
""")
    put("config", "table", 'dataset = "x.csv"\n[model]\nlayers = ["flatten", "dense"]\n')
    put("study-file", "lists", 'dataset = "spiral"\noptimizer = ["sgd", "adam:beta1=0.5"]\nepochs = [1, 2]\nseeds = 3\n')
    put("study-file", "table", '[optimizer]\n')
    for i, spec in enumerate(["adam:beta1=0.9,beta2=0.5", "mlp:hidden=300-100,activation=relu,dropout=0.2", "lenet5",
                              "resnet18", "step:every=0.3", "flip+crop:padding=2+noise", "relative:epsilon=auto",
                              "1e308", "-7", "acet:stages=4", "temperature:start=2", "norm:at=1"]):
        put("spec", f"{i:02}", spec)
    for target, before, after in [("config", "", "a = 1\n"), ("description", "[model]\n", "a = 1\n")]:
        put(target, "deep-key", before + "a." * 3000 + after)
        put(target, "deep-list", before + "x = " + "[" * 3000)
    for target in ["study", "trial", "summary", "metrics", "curriculum", "acet", "checkpoint-state"]:
        put(target, "deep", "[" * 3000 + "]" * 3000)
    put("study", "digest-of-another-type", '{"digest": 5, "contenders": []}')
    put("acet", "small", json.dumps({"tables": [{"title": "Table 1: x", "header": ["a", "b"], "rows": [["1", "-"]],
                                                 "notes": "n"}], "figures": [], "sets": ["s"], "command": "ravine"}))


def metadata_of(path):
    data = path.read_bytes()
    return json.loads(data[8:8 + struct.unpack("<Q", data[:8])[0]])["__metadata__"]


def runs(program):
    with tempfile.TemporaryDirectory() as work:
        def ravine(*arguments):
            subprocess.run([os.path.abspath(program), *arguments], cwd=work, check=True, stdout=subprocess.DEVNULL)

        train = ["train", "spiral:examples=60", "--model", "mlp:hidden=2", "--optimizer", "adam", "--epochs", "2", "--batch",
                 "20", "--threads", "1"]
        # "averaged" is the run of the targets checkpoint and checkpoint-state.
        ravine(*train, "--average", "ema", "--stop", "early:patience=2", "--rate", "plateau:patience=1", "--out", "averaged")
        ravine(*train, "--targets", "acet:initial=0.5,increment=0.5,epochs_per_increment=1", "--out", "targets")
        ravine(*train, "--curriculum", "stochastic:first_epochs=1", "--augment", "noise+mixup", "--out", "curriculum")
        ravine("compare", "spiral:examples=60", "--model", "mlp:hidden=2", "--optimizer", "adam", "--optimizer", "sgd", "--epochs",
               "1", "--seeds", "2", "--average", "ema", "--stop", "early", "--out", "study")
        for folder in ["averaged", "targets", "curriculum"]:
            run = Path(work) / folder
            for target, name in [("config", "config.toml"), ("summary", "summary.json"), ("metrics", "metrics.jsonl"),
                                 ("model", "model.safetensors"), ("checkpoint", "checkpoint.safetensors"),
                                 ("curriculum", "curriculum.json")]:
                if (run / name).exists():
                    put(target, folder, (run / name).read_bytes())
            header = metadata_of(run / "checkpoint.safetensors")
            put("checkpoint-state", folder, "\n---\n".join(header["ravine." + name] for name in ("state", "numbers", "counters")))
            header = metadata_of(run / "model.safetensors")
            put("model-metadata", folder, header["ravine.model"] + "\n---\n" + header["ravine.schema"])
        put("model-metadata", "described", (corpus / "description" / "residual").read_text() + "---\n" + header["ravine.schema"])
        for name in ["raw", "best"]:
            put("model", name, (Path(work) / "averaged" / f"{name}.safetensors").read_bytes())
        put("study", "two", (Path(work) / "study/study.json").read_bytes())
        for i, trial in enumerate(sorted((Path(work) / "study/trials").glob("*.json"))[:2]):
            put("trial", f"trial{i}", trial.read_bytes())


tables(), arrays(), idx(), archives(), images(), texts()
if len(sys.argv) > 1:
    runs(sys.argv[1])
