"""What the tests against PyTorch share: safetensors files, written out from the format's own description (Debian has no
package of the library), and nets of dense layers with ReLU between them, named as nn.Sequential names them."""
import json
import math
import os
import sys

# Old OpenBLAS builds take slow kernels on processors that are younger than they are; it reads this when it is loaded.
if "OPENBLAS_CORETYPE" not in os.environ:
    os.environ["OPENBLAS_CORETYPE"] = "SKYLAKEX"
    os.execv(sys.executable, [sys.executable, *sys.argv])

import numpy
import torch
from torch import nn

torch.set_num_threads(1)
TYPES = {"F32": numpy.float32, "F64": numpy.float64}


def read_tensors(path):
    """An 8-byte length, a JSON header that places every tensor behind it, and the tensors."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = numpy.frombuffer(data[begin:end], TYPES[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = torch.from_numpy(values.copy())
    return tensors


def write_tensors(path, tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        values = tensor.detach().contiguous().numpy()
        dtype = next(name for name, numpy_type in TYPES.items() if values.dtype == numpy_type)
        header[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": [len(data), len(data) + values.nbytes]}
        data += values.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (math.ceil(len(text) / 8) * 8 - len(text))
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + data)


def dense_net(widths):
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def net_of(tensors):
    """The net with these weights and biases, in their precision."""
    weights = [tensor for name, tensor in tensors.items() if name.endswith(".weight")]
    net = dense_net([weights[0].shape[1]] + [weight.shape[0] for weight in weights]).to(weights[0].dtype)
    net.load_state_dict(tensors)
    return net


def take(tensors, *names):
    """Removes these tensors and returns them."""
    return [tensors.pop(name) for name in names]
