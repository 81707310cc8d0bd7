"""What the tests against PyTorch share: safetensors files, written out from the format's own description (Debian has no
package of the library), and nets whose tensors are named as Ravine names them."""
import json
import math
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../bench/peers"))
from nets import dense_net, torch  # before NumPy, which may load OpenBLAS too

import numpy

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
    header, end, data = {}, 0, []
    for name, tensor in tensors.items():
        values = tensor.detach().contiguous().numpy()
        dtype = next(name for name, numpy_type in TYPES.items() if values.dtype == numpy_type)
        header[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": [end, end + values.nbytes]}
        end += values.nbytes
        data.append(values)
    text = json.dumps(header).encode()
    text += b" " * (math.ceil(len(text) / 8) * 8 - len(text))
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for values in data:
            file.write(values)


def net_of(tensors):
    """The net with these weights and biases, in their precision."""
    weights = [tensor for name, tensor in tensors.items() if name.endswith(".weight")]
    net = dense_net(weights[0].shape[1], *(weight.shape[0] for weight in weights)).to(weights[0].dtype)
    net.load_state_dict(tensors)
    return net


def take(tensors, *names):
    """Removes these tensors and returns them."""
    return [tensors.pop(name) for name in names]
