"""The losses of the first updates of PyTorch's optimizers.

usage: trajectories.py FILE BATCH CASE ...

FILE is a safetensors file with the initial weights and, as "features" and "labels", the examples, taken in order, BATCH an
update. Prints one JSON object: {CASE: [loss, ...], ...}, losses before each update.
"""
import json
import math
import sys
from typing import Callable, NamedTuple

from exchange import net_of, read_tensors, take, torch
from torch import nn, optim
from torch.optim import lr_scheduler

UPDATES = 20


class DozatNAdam(optim.Optimizer):
    """NAdam as Dozat (2016) has it; that of PyTorch 1.13 has the factor mu_t twice in the product for m."""

    def __init__(self, parameters, lr=0.002, betas=(0.9, 0.999), eps=1e-8, momentum_decay=0.004):
        super().__init__(parameters, dict(lr=lr, betas=betas, eps=eps, momentum_decay=momentum_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                s = self.state[p]
                if not s:
                    s.update(t=0, product=1.0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                s["t"] += 1
                mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (t * group["momentum_decay"])) for t in (s["t"], s["t"] + 1))
                s["product"] *= mu
                s["m"].mul_(beta1).add_(p.grad, alpha=1 - beta1)
                s["v"].mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
                m = mu_next / (1 - s["product"] * mu_next) * s["m"] + (1 - mu) / (1 - s["product"]) * p.grad
                p -= group["lr"] * m / ((s["v"] / (1 - beta2 ** s["t"])).sqrt() + group["eps"])


def constant(optimizer):
    return lr_scheduler.LambdaLR(optimizer, lambda step: 1)


def linear(optimizer):
    return lr_scheduler.LinearLR(optimizer, start_factor=1, end_factor=0.01, total_iters=UPDATES - 1)


def cosine(optimizer):
    return lr_scheduler.CosineAnnealingLR(optimizer, T_max=UPDATES - 1)


def drops(optimizer):
    return lr_scheduler.StepLR(optimizer, step_size=6, gamma=0.5)


def exponential(optimizer):
    return lr_scheduler.ExponentialLR(optimizer, gamma=0.5 ** (1 / 6))


def clip_norm(parameters):
    """As clip_grad_norm_, which divides by the norm + 1e-6."""
    norm = math.sqrt(sum(float(p.grad.pow(2).sum()) for p in parameters))
    for p in parameters:
        p.grad *= min(1, 0.5 / norm)


def clip_value(parameters):
    nn.utils.clip_grad_value_(parameters, 0.01)


def decaying(parameters, weight_decay):
    """PyTorch decays biases too, unless they are in a group of their own."""
    return [{"params": [p for p in parameters if p.dim() > 1], "weight_decay": weight_decay},
            {"params": [p for p in parameters if p.dim() == 1], "weight_decay": 0}]


class Case(NamedTuple):
    optimizer: Callable
    schedule: Callable
    change_gradient: Callable = lambda parameters: None
    l2: float = 0  # of the penalty l2 ||w||^2 that PyTorch's weight_decay = 2 l2 stands for


CASES = {
    "sgd": Case(lambda p: optim.SGD(p, 0.02), constant),
    "momentum": Case(lambda p: optim.SGD(p, 0.005, momentum=0.9), drops),
    "nesterov": Case(lambda p: optim.SGD(p, 0.005, momentum=0.9, nesterov=True), cosine),
    "adagrad": Case(lambda p: optim.Adagrad(p, 0.002, eps=1e-7), linear),
    "rmsprop": Case(lambda p: optim.RMSprop(p, 0.0002, alpha=0.9, eps=1e-8), exponential),
    "adadelta": Case(lambda p: optim.Adadelta(p, 1.0, rho=0.95, eps=1e-6), drops),
    "adam": Case(lambda p: optim.Adam(p, 0.0005), cosine),
    "nadam": Case(lambda p: DozatNAdam(p, 0.0005), linear),
    "adamw": Case(lambda p: optim.AdamW(decaying(p, 0.1), 0.002), cosine),
    "l2": Case(lambda p: optim.SGD(decaying(p, 0.02), 0.05, momentum=0.9), drops, l2=0.01),
    "l2-adam": Case(lambda p: optim.Adam(decaying(p, 0.02), 0.002), drops, l2=0.01),
    "clip-norm": Case(lambda p: optim.SGD(p, 0.05, momentum=0.9), cosine, clip_norm),
    "clip-value": Case(lambda p: optim.SGD(p, 0.05, momentum=0.9), cosine, clip_value),
    "rmsprop-centered": Case(lambda p: optim.RMSprop(p, 0.0005, momentum=0.9, centered=True), drops),
    "adagrad-start": Case(lambda p: optim.Adagrad(p, 0.01, initial_accumulator_value=0.1, eps=1e-10), drops),
}


def losses(case, tensors, features, labels, batch):
    net = net_of(tensors)
    parameters = list(net.parameters())
    optimizer = case.optimizer(parameters)
    scheduler = case.schedule(optimizer)
    result = []
    for step in range(UPDATES):
        rows = slice(step * batch, (step + 1) * batch)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(features[rows]), labels[rows])
        loss.backward()
        penalty = case.l2 * sum(float(p.detach().pow(2).sum()) for p in parameters if p.dim() > 1)
        result.append(float(loss.detach()) + penalty)
        case.change_gradient(parameters)
        optimizer.step()
        scheduler.step()
    return result


def main(path, batch, *cases):
    tensors = read_tensors(path)
    features, labels = take(tensors, "features", "labels")
    print(json.dumps({case: losses(CASES[case], tensors, features, labels.long(), int(batch)) for case in cases}))


main(*sys.argv[1:])
