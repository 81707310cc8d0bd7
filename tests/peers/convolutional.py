"""Steps of gradient descent of the convolutional 

usage: convolutional.py NET PRECISION RATE FILE RESULT

NET is lenet, or resnet18:width=N. FILE is a safetensors file with the initial weights, the running statistics and, as
"features" [steps, n, height, width, channels] and "labels" [steps, n], a batch for each step. All is computed in PRECISION,
f32 or f64. RESULT holds "losses" [steps], the gradients of each step K as "K.NAME", and what running statistics and
weights are in the end, under their names.
"""
import sys

from exchange import read_tensors, take, write_tensors
from nets import lenet, nn, resnet18, torch


def make_net(name):
    name, _, width = name.partition(":width=")
    return lenet() if name == "lenet" else resnet18(int(width or 64))


def main(name, precision, rate, path, result_path):
    dtype = {"f32": torch.float32, "f64": torch.float64}[precision]
    tensors = {name: tensor.to(dtype) for name, tensor in read_tensors(path).items()}
    features, labels = take(tensors, "features", "labels")
    net = make_net(name).to(dtype)
    count = "num_batches_tracked"  # the only tensor that Ravine does not have
    net.load_state_dict(tensors | {name: t for name, t in net.state_dict().items() if name.endswith(count)})
    optimizer = torch.optim.SGD(net.parameters(), float(rate))
    losses, result = [], {}
    for step, (images, classes) in enumerate(zip(features.permute(0, 1, 4, 2, 3), labels.long())):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(images), classes)
        loss.backward()
        losses.append(loss.detach())
        for name, parameter in net.named_parameters():
            result[f"{step}.{name}"] = parameter.grad.clone()
        optimizer.step()
    result["losses"] = torch.stack(losses)
    result |= {name: tensor for name, tensor in net.state_dict().items() if not name.endswith(count)}
    write_tensors(result_path, result)


main(*sys.argv[1:])
