"""The nets of Ravine's benchmarks and tests in PyTorch, with the same tensors under the same names. Importing this module sets
the environment that PyTorch wants, so it comes first."""
import os
import sys

# Old OpenBLAS builds take slow kernels on processors that are younger than they are; it reads this when it is loaded.
if "OPENBLAS_CORETYPE" not in os.environ:
    os.environ["OPENBLAS_CORETYPE"] = "SKYLAKEX"
    os.execv(sys.executable, sys.orig_argv)

try:
    import torch
    from torch import nn
except ImportError:
    sys.exit(f"{os.path.basename(sys.argv[0])}: PyTorch is not installed (Debian's package python3-torch)")


def dense_net(*widths):
    """Dense layers with ReLU between them."""
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def three_convolutions():
    net, inputs = nn.Sequential(), 1
    for channels in (32, 64, 128):
        if inputs > 1:
            net.append(nn.MaxPool2d(2))
        net.append(nn.Conv2d(inputs, channels, 3, padding=1)).append(nn.ReLU())
        inputs = channels
    return nn.Sequential(*net, nn.Flatten(), *dense_net(7 * 7 * 128, 256, 10))


def lenet():
    net = nn.Sequential()
    for inputs, channels in ((3, 6), (6, 16)):
        net.append(nn.Conv2d(inputs, channels, 5)).append(nn.ReLU()).append(nn.MaxPool2d(2))
    return nn.Sequential(*net, nn.Flatten(), *dense_net(16 * 5 * 5, 120, 84, 10))


def normalised(inputs, outputs, kernel, stride):
    """A convolution and its normalisation."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
    return convolution, nn.BatchNorm2d(outputs)


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.c1, self.b1 = normalised(inputs, outputs, 3, stride)
        self.c2, self.b2 = normalised(outputs, outputs, 3, 1)
        changes = stride > 1 or inputs != outputs
        self.s = nn.Sequential(*normalised(inputs, outputs, 1, stride)) if changes else nn.Identity()

    def forward(self, x):
        return torch.relu(self.b2(self.c2(torch.relu(self.b1(self.c1(x))))) + self.s(x))


def resnet18(width=64):
    net, inputs = nn.Sequential(*normalised(3, width, 3, 1), nn.ReLU()), width
    for stage in range(4):
        for block in range(2):
            outputs = width << stage
            net.append(Residual(inputs, outputs, 2 if stage > 0 and block == 0 else 1))
            inputs = outputs
    return net.append(nn.AdaptiveAvgPool2d(1)).append(nn.Flatten()).append(nn.Linear(inputs, 10))
