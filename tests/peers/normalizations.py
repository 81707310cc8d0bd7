"""PyTorch's normalisations of the tensor "x" [n, c, h, w] of a safetensors file, and a convolution with standardised weights
(Qiao et al. 2019): gains and shifts, or the kernels, are the first numbers of the file's "parameters".

usage: normalizations.py FILE

FILE also holds the results under the names "layer", "group", "instance", "batch" and "standardized". Prints one JSON object:
the largest difference of each.
"""
import json
import sys

from exchange import read_tensors, take, torch
from torch import nn

tensors = read_tensors(sys.argv[1])
x, parameters = take(tensors, "x", "parameters")
n, c, h, w = x.shape


def normalized(layer):
    layer = layer.double()
    size = layer.weight.numel()
    with torch.no_grad():
        layer.weight.copy_(parameters[:size].reshape(layer.weight.shape))
        layer.bias.copy_(parameters[size:2 * size].reshape(layer.bias.shape))
        return layer(x)


def standardized(channels):
    kernels = parameters[:channels * c * 9].reshape(channels, c, 3, 3)
    variance, mean = torch.var_mean(kernels, (1, 2, 3), unbiased=False, keepdim=True)
    return nn.functional.conv2d(x, (kernels - mean) / torch.sqrt(variance + 1e-5))


expected = {
    "layer": normalized(nn.LayerNorm([c, h, w])),
    "group": normalized(nn.GroupNorm(3, c)),
    "instance": normalized(nn.InstanceNorm2d(c, affine=True)),
    "batch": normalized(nn.BatchNorm2d(c)),
    "standardized": standardized(7),
}
print(json.dumps({name: float((tensors[name] - value).abs().max()) for name, value in expected.items()}))
