"""Weights that travel between PyTorch and Ravine.

usage: weights.py train FILE WEIGHTS       a 300-100 net is trained on the examples of FILE and saved
       weights.py evaluate FILE WEIGHTS    the net in WEIGHTS is loaded

FILE is a safetensors file with "train.features", "train.labels", "test.features" and "test.labels". Prints one JSON object:
loss and accuracy on the test examples.
"""
import json
import sys

from exchange import dense_net, net_of, read_tensors, take, torch, write_tensors
from torch import nn


def train(features, labels):
    torch.manual_seed(1)
    net = dense_net(features.shape[1], 300, 100, int(labels.max()) + 1)
    optimizer = torch.optim.Adam(net.parameters(), 0.002)
    for _ in range(15):
        for rows in torch.randperm(len(labels)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(features[rows]), labels[rows]).backward()
            optimizer.step()
    return net


@torch.no_grad()
def scores(net, features, labels):
    outputs = net(features)
    return {"loss": float(nn.functional.cross_entropy(outputs, labels)),
            "accuracy": float((outputs.argmax(1) == labels).double().mean())}


def main(action, path, weights):
    examples = read_tensors(path)
    features, labels, test_features, test_labels = take(examples, "train.features", "train.labels", "test.features",
                                                        "test.labels")
    if action == "train":
        net = train(features, labels.long())
        write_tensors(weights, net.state_dict())
    else:
        net = net_of(read_tensors(weights))
    print(json.dumps(scores(net, test_features, test_labels.long())))


main(*sys.argv[1:])
