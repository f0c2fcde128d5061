"""Trains the small CNN ("cnn") or its noise-robust twin ("cnn-robust") on the train split alone.

68,113 parameters, 24 epochs, about two minutes on a quiet core. One thread, a fixed seed and
deterministic algorithms, so that the same kind of machine should give the same weights. Nothing is
chosen on val or test: the last weights (an exponential moving average) are written.
"""
import argparse
import math
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, "/benchmark/training")
import data  # noqa: E402


class Net(nn.Module):
    """(n, 1, 28, 28) in [0, 1] -> logit (n, 1)."""

    def __init__(self, width=24):
        super().__init__()
        # Per-image standardisation, written as InstanceNorm because OpenCV's DNN loads no
        # broadcast of (n, 1, 28, 28) with (n, 1, 1, 1).
        self.standardise = nn.InstanceNorm2d(1, eps=1e-4, affine=False)
        layers, channels = [], 1
        for block in ((width, width), (2 * width, 2 * width), (3 * width,)):
            if channels > 1:
                layers.append(nn.MaxPool2d(2))
            for out in block:
                layers += [nn.Conv2d(channels, out, 3, padding=1, bias=False),
                           nn.BatchNorm2d(out), nn.ReLU()]
                channels = out
        self.features = nn.Sequential(*layers)
        self.dropout = nn.Dropout(0.2)
        self.linear = nn.Linear(channels, 1)

    def forward(self, x):
        x = self.features(self.standardise(x))
        x = F.adaptive_avg_pool2d(x, 1).flatten(1)
        return self.linear(self.dropout(x))


def uniform(n, low, high):
    return torch.empty(n).uniform_(low, high)


def affine(x):
    """Rotation +-12 degrees, scale +-12 %, aspect +-8 %, shift +-7.5 % of the width, flip."""
    n = len(x)
    angle = uniform(n, -12, 12) * (math.pi / 180)
    scale, aspect = 1 + uniform(n, -0.12, 0.12), 1 + uniform(n, -0.08, 0.08)
    flip = torch.where(torch.rand(n) < 0.5, -1.0, 1.0)
    c, s = torch.cos(angle) * scale, torch.sin(angle) * scale
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1], theta[:, 0, 2] = c * aspect * flip, -s, uniform(n, -0.15, 0.15)
    theta[:, 1, 0], theta[:, 1, 1], theta[:, 1, 2] = s * flip, c / aspect, uniform(n, -0.15, 0.15)
    grid = F.affine_grid(theta, x.shape, align_corners=False)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


def blur(x, largest):
    """Half of the images: Gaussian blur with sigma U(0.2, largest) pixels."""
    n = len(x)
    sigma = uniform(n, 0.2, largest)[:, None]
    taps = torch.exp(-torch.arange(-3, 4.0)[None, :] ** 2 / (2 * sigma ** 2))
    taps = taps / taps.sum(dim=1, keepdim=True)
    stacked = F.pad(x.transpose(0, 1), (3, 3, 3, 3), mode="replicate")
    stacked = F.conv2d(stacked, taps.view(n, 1, 1, 7), groups=n)
    stacked = F.conv2d(stacked, taps.view(n, 1, 7, 1), groups=n).transpose(0, 1)
    return torch.where((torch.rand(n) < 0.5).view(n, 1, 1, 1), stacked, x)


def augment(x, robust):
    n = len(x)
    one = (n, 1, 1, 1)
    x = affine(x)
    if robust:
        x = blur(x, 1.0)
    x = x.clamp(0, 1) ** torch.exp(uniform(n, -0.35, 0.35)).view(one)
    x = (x - 0.5) * (1 + uniform(n, -0.25, 0.25)).view(one) + 0.5
    x = x + uniform(n, -0.1, 0.1).view(one)
    noise = uniform(n, 0, 0.15 if robust else 0.03).view(one)
    return (x + torch.randn(x.shape) * noise).clamp(0, 1)


def as_input(images):
    return torch.from_numpy(images.astype(np.float32) / 255.0)[:, None]


def probabilities(net, images):
    net.eval()
    with torch.no_grad():
        logits = torch.cat([net(as_input(images[i:i + 256])) for i in range(0, len(images), 256)])
    return torch.sigmoid(logits.double()).numpy().ravel()


def train(images, labels, args):
    net, averaged = Net(), Net()
    x = as_input(images)
    y = torch.from_numpy(labels.astype(np.float32))
    weight = torch.where(y > 0, 0.5 / (y > 0).sum(), 0.5 / (y == 0).sum()).double()
    steps_per_epoch = math.ceil(len(x) / args.batch)
    total = steps_per_epoch * args.epochs
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=total,
                                                   pct_start=0.15)
    averaging_from = int(total * 0.4)
    for step in range(total):
        net.train()
        chosen = torch.multinomial(weight, args.batch, replacement=True)
        loss = F.binary_cross_entropy_with_logits(
            net(augment(x[chosen], args.robust)).squeeze(1), y[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            for a, b in zip(averaged.state_dict().values(), net.state_dict().values()):
                if step <= averaging_from or not a.dtype.is_floating_point:
                    a.copy_(b)
                else:
                    a.lerp_(b, 0.005)
        if (step + 1) % (steps_per_epoch * 4) == 0:
            print(f"epoch {(step + 1) // steps_per_epoch} loss {loss.item():.4f}", flush=True)
    return averaged


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--robust", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--output", default="/output")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    torch.use_deterministic_algorithms(True)
    splits = data.load()
    started = time.time()
    net = train(*splits["train"], args)
    print(f"{args.name}: {sum(p.numel() for p in net.parameters())} parameters, "
          f"{time.time() - started:.0f} s")
    for split in ("train", "val", "test"):
        images, labels = splits[split]
        data.show(f"{args.name} {split}", labels, probabilities(net, images))
    net.eval()
    torch.onnx.export(net, torch.zeros(1, 1, 28, 28), f"{args.output}/{args.name}.onnx",
                      opset_version=11, input_names=["image"], output_names=["logit"],
                      dynamic_axes={"image": {0: "n"}, "logit": {0: "n"}})
    # What OpenCV's answers over the official test split are compared with.
    with open(f"{args.output}/{args.name}.test-probabilities.csv", "w", encoding="ascii") as f:
        f.write("index,probability\n")
        for i, p in enumerate(probabilities(net, splits["test"][0])):
            f.write(f"{i},{p:.9g}\n")


main()
