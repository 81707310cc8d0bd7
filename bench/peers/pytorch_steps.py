#!/usr/bin/env python3
"""The workloads of `ravine bench steps`, in PyTorch: the time of one training step (forward, backward, update).

usage: pytorch_steps.py [--threads N] [--precision f32|f64] [--seconds S] [WORKLOAD ...]

Prints one JSON object a line: workload, precision, threads, channels_last, ms. Convolutional nets are measured with both
memory formats, and the faster one is reported. Needs Debian's python3-torch, or any other PyTorch.
"""
import argparse
import json
import os
import statistics
import sys
import time

# Old OpenBLAS builds take slow kernels on processors that are younger than they are; it reads this when it is loaded.
if "OPENBLAS_CORETYPE" not in os.environ:
    os.environ["OPENBLAS_CORETYPE"] = "SKYLAKEX"
    os.execv(sys.executable, [sys.executable, *sys.argv])

try:
    import torch
    from torch import nn
except ImportError:
    sys.exit("pytorch_steps.py: PyTorch is not installed (Debian's package python3-torch)")


def dense_net(inputs, hidden, outputs):
    net = nn.Sequential()
    for units in hidden:
        net.append(nn.Linear(inputs, units)).append(nn.ReLU())
        inputs = units
    return net.append(nn.Linear(inputs, outputs))


def three_convolutions():
    net, inputs = nn.Sequential(), 1
    for channels in (32, 64, 128):
        if inputs > 1:
            net.append(nn.MaxPool2d(2))
        net.append(nn.Conv2d(inputs, channels, 3, padding=1)).append(nn.ReLU())
        inputs = channels
    net.append(nn.Flatten())
    return net.append(nn.Linear(7 * 7 * 128, 256)).append(nn.ReLU()).append(nn.Linear(256, 10))


def lenet():
    net = nn.Sequential()
    for inputs, channels in ((3, 6), (6, 16)):
        net.append(nn.Conv2d(inputs, channels, 5)).append(nn.ReLU()).append(nn.MaxPool2d(2))
    return net.append(nn.Flatten()).append(dense_net(16 * 5 * 5, (120, 84), 10))


def normalised(inputs, outputs, kernel, stride):
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs))


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first, self.second = normalised(inputs, outputs, 3, stride), normalised(outputs, outputs, 3, 1)
        changes = stride > 1 or inputs != outputs
        self.shortcut = normalised(inputs, outputs, 1, stride) if changes else nn.Identity()

    def forward(self, x):
        return torch.relu(self.second(torch.relu(self.first(x))) + self.shortcut(x))


def resnet18():
    net, inputs = nn.Sequential(normalised(3, 64, 3, 1), nn.ReLU()), 64
    for stage in range(4):
        for block in range(2):
            outputs = 64 << stage
            net.append(Residual(inputs, outputs, 2 if stage > 0 and block == 0 else 1))
            inputs = outputs
    return net.append(nn.AdaptiveAvgPool2d(1)).append(nn.Flatten()).append(nn.Linear(inputs, 10))


def adam(parameters):
    return torch.optim.Adam(parameters, lr=1e-3, foreach=True)


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=1e-2, foreach=True)


# name: model, shape of a batch, classes, optimizer
WORKLOADS = {
    "spiral": (lambda: dense_net(2, (100, 100), 3), (32, 2), 3, adam),
    "rings": (lambda: dense_net(3, (128, 128, 64), 3), (64, 3), 3, adam),
    "fc500": (lambda: dense_net(3072, (500, 500, 500), 10), (100, 3072), 10, adam),
    "mnist-cnn": (three_convolutions, (128, 1, 28, 28), 10, adam),
    "lenet": (lenet, (32, 3, 32, 32), 10, sgd),
    "resnet18": (resnet18, (64, 3, 32, 32), 10, sgd),
}


def milliseconds(name, dtype, memory_format, seconds):
    make_model, shape, classes, make_optimizer = WORKLOADS[name]
    torch.manual_seed(0)
    model = make_model().to(dtype=dtype)
    features, labels = torch.randn(shape, dtype=dtype), torch.randint(classes, shape[:1])
    if memory_format is not None:
        model, features = model.to(memory_format=memory_format), features.to(memory_format=memory_format)
    optimizer, loss = make_optimizer(list(model.parameters())), nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(model(features), labels).backward()
        optimizer.step()

    step()
    step()
    times, start = [], time.perf_counter()
    while time.perf_counter() - start < seconds or len(times) < 3:
        before = time.perf_counter()
        step()
        times.append(time.perf_counter() - before)
    return 1e3 * statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description="Times one training step in PyTorch.")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=("f32", "f64"), default="f32")
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("workload", nargs="*", help="some of " + ", ".join(WORKLOADS))
    arguments = parser.parse_args()
    for name in arguments.workload:
        if name not in WORKLOADS:
            parser.error(f"unknown workload '{name}' (workloads: {', '.join(WORKLOADS)})")
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)  # as Ravine does
    dtype = torch.float64 if arguments.precision == "f64" else torch.float32
    for name in arguments.workload or WORKLOADS:
        formats = [None, torch.channels_last] if len(WORKLOADS[name][1]) == 4 else [None]
        ms, is_last = min((milliseconds(name, dtype, f, arguments.seconds), f is not None) for f in formats)
        result = {"workload": name, "precision": arguments.precision, "threads": arguments.threads,
                  "channels_last": is_last, "ms": round(ms, 5)}
        print(json.dumps(result), flush=True)


main()
