#!/usr/bin/env python3
"""The workloads of `ravine bench steps`, in PyTorch: the time of one training step (forward, backward, update).

usage: pytorch_steps.py [--threads N] [--precision f32|bf16|f64] [--seconds S] [--best] [WORKLOAD ...]

Prints one JSON object a line: workload, precision, threads, channels_last, ms. bf16 means autocast, its parameters in f32.
Convolutional nets are measured with both memory formats; --best also tries the other of f32 and bf16. The fastest
combination is reported. Needs Debian's python3-torch, or any other PyTorch.
"""
import argparse
import json
import statistics
import time

from nets import dense_net, lenet, nn, resnet18, three_convolutions, torch


def adam(parameters):
    return torch.optim.Adam(parameters, lr=1e-3, foreach=True)


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=1e-2, foreach=True)


# name: model, shape of a batch, classes, optimizer
WORKLOADS = {
    "spiral": (lambda: dense_net(2, 100, 100, 3), (32, 2), 3, adam),
    "rings": (lambda: dense_net(3, 128, 128, 64, 3), (64, 3), 3, adam),
    "fc500": (lambda: dense_net(3072, 500, 500, 500, 10), (100, 3072), 10, adam),
    "mnist-cnn": (three_convolutions, (128, 1, 28, 28), 10, adam),
    "lenet": (lenet, (32, 3, 32, 32), 10, sgd),
    "resnet18": (resnet18, (64, 3, 32, 32), 10, sgd),
}


def milliseconds(name, precision, channels_last, seconds):
    make_model, shape, classes, make_optimizer = WORKLOADS[name]
    dtype = torch.float64 if precision == "f64" else torch.float32
    torch.manual_seed(0)
    model = make_model().to(dtype=dtype)
    features, labels = torch.randn(shape, dtype=dtype), torch.randint(classes, shape[:1])
    if channels_last:
        model, features = (x.to(memory_format=torch.channels_last) for x in (model, features))
    optimizer, loss = make_optimizer(list(model.parameters())), nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad(set_to_none=True)
        if precision == "bf16":
            with torch.autocast("cpu", dtype=torch.bfloat16):
                value = loss(model(features).float(), labels)
        else:
            value = loss(model(features), labels)
        value.backward()
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
    parser.add_argument("--precision", choices=("f32", "bf16", "f64"), default="f32")
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--best", action="store_true", help="the faster of f32 and bf16")
    parser.add_argument("workload", nargs="*", help="some of " + ", ".join(WORKLOADS))
    arguments = parser.parse_args()
    for name in arguments.workload:
        if name not in WORKLOADS:
            parser.error(f"unknown workload '{name}' (workloads: {', '.join(WORKLOADS)})")
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)  # as Ravine does
    precisions = {"f32", "bf16"} if arguments.best else {arguments.precision}
    for name in arguments.workload or WORKLOADS:
        formats = [False, True] if len(WORKLOADS[name][1]) == 4 else [False]
        ms, precision, is_last = min((milliseconds(name, p, f, arguments.seconds), p, f)
                                     for p in sorted(precisions) for f in formats)
        result = {"workload": name, "precision": precision, "threads": arguments.threads,
                  "channels_last": is_last, "ms": round(ms, 5)}
        print(json.dumps(result), flush=True)


main()
