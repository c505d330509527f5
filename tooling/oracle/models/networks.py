"""The reference networks of @advrob/models in PyTorch, written after their papers, with the parameter names that @advrob/models uses."""
from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional as F


class TwoLayer(nn.Module):
    """Melamed et al. 2023; two classes give the logits [-N/2, N/2]."""

    def __init__(self, inputs, width, classes):
        super().__init__()
        self.fc1 = nn.Linear(inputs, width)
        self.fc2 = nn.Linear(width, 1 if classes == 2 else classes)

    def forward(self, x):
        n = self.fc2(F.relu(self.fc1(x.flatten(1))))
        return torch.cat([-n / 2, n / 2], 1) if n.shape[1] == 1 else n


class Mlp(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.count = len(sizes) - 1
        for i in range(self.count):
            setattr(self, f"fc{i + 1}", nn.Linear(sizes[i], sizes[i + 1]))

    def forward(self, x):
        x = x.flatten(1)
        for i in range(1, self.count):
            x = F.relu(getattr(self, f"fc{i}")(x))
        return getattr(self, f"fc{self.count}")(x)


class LeNet5(nn.Module):
    """Madry et al. 2018, MNIST."""

    def __init__(self, side, inputs, first, second, hidden, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, first, 5, padding=2)
        self.conv2 = nn.Conv2d(first, second, 5, padding=2)
        self.fc1 = nn.Linear((side // 4) ** 2 * second, hidden)
        self.fc2 = nn.Linear(hidden, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


class CompactCnn(nn.Module):
    def __init__(self, side, inputs, first, second, hidden, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, first, 5, stride=2, padding=2)
        self.conv2 = nn.Conv2d(first, second, 3, padding=1)
        self.fc1 = nn.Linear(((side + 1) // 4) ** 2 * second, hidden)
        self.fc2 = nn.Linear(hidden, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv2(F.relu(self.conv1(x)))), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


class SmallCnn(nn.Module):
    """Zhang et al. 2019 (TRADES)."""

    def __init__(self, side, inputs, first, second, hidden, classes):
        super().__init__()
        conv = lambda a, b: nn.Conv2d(a, b, 3)
        self.feature_extractor = nn.Sequential(OrderedDict([
            ("conv1", conv(inputs, first)), ("relu1", nn.ReLU()), ("conv2", conv(first, first)), ("relu2", nn.ReLU()),
            ("pool1", nn.MaxPool2d(2)),
            ("conv3", conv(first, second)), ("relu3", nn.ReLU()), ("conv4", conv(second, second)), ("relu4", nn.ReLU()),
            ("pool2", nn.MaxPool2d(2)),
        ]))
        last = ((side - 4) // 2 - 4) // 2
        self.classifier = nn.Sequential(OrderedDict([
            ("fc1", nn.Linear(last * last * second, hidden)), ("relu1", nn.ReLU()), ("drop", nn.Dropout(0.5)),
            ("fc2", nn.Linear(hidden, hidden)), ("relu2", nn.ReLU()), ("fc3", nn.Linear(hidden, classes)),
        ]))

    def forward(self, x):
        return self.classifier(self.feature_extractor(x).flatten(1))


class Block(nn.Module):
    """The basic block of He et al. 2016 with a projection shortcut where the shape changes."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + self.shortcut(x))


class ResNet18(nn.Module):
    def __init__(self, inputs, width, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        channels = width
        for stage in range(4):
            outputs = width * 2**stage
            first = Block(channels, outputs, 1 if stage == 0 else 2)
            setattr(self, f"layer{stage + 1}", nn.Sequential(first, Block(outputs, outputs, 1)))
            channels = outputs
        self.linear = nn.Linear(channels, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        for stage in range(4):
            x = getattr(self, f"layer{stage + 1}")(x)
        return self.linear(x.mean((2, 3)))


class MnistNet(nn.Module):
    """Robey et al. 2021 (DALE), without the log-softmax at its end."""

    def __init__(self, side, inputs, first, second, hidden, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, first, 3)
        self.conv2 = nn.Conv2d(first, second, 3)
        self.dropout1, self.dropout2 = nn.Dropout(0.25), nn.Dropout(0.5)
        self.fc1 = nn.Linear(((side - 4) // 2) ** 2 * second, hidden)
        self.fc2 = nn.Linear(hidden, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv2(F.relu(self.conv1(x)))), 2)
        x = F.relu(self.fc1(self.dropout1(x).flatten(1)))
        return self.fc2(self.dropout2(x))


class PreActBlock(nn.Module):
    """He et al. 2016, Identity mappings; the shortcut, where there is one, starts after the first activation."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False))

    def forward(self, x):
        a = F.relu(self.bn1(x))
        kept = self.shortcut(a) if hasattr(self, "shortcut") else x
        return self.conv2(F.relu(self.bn2(self.conv1(a)))) + kept


class PreActResNet18(nn.Module):
    """As in the code of Rice et al. 2020, with a batch norm at the end."""

    def __init__(self, inputs, width, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, 1, 1, bias=False)
        channels = width
        for stage in range(4):
            outputs = width * 2**stage
            first = PreActBlock(channels, outputs, 1 if stage == 0 else 2)
            setattr(self, f"layer{stage + 1}", nn.Sequential(first, PreActBlock(outputs, outputs, 1)))
            channels = outputs
        self.bn = nn.BatchNorm2d(channels)
        self.linear = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.conv1(x)
        for stage in range(4):
            x = getattr(self, f"layer{stage + 1}")(x)
        return self.linear(F.relu(self.bn(x)).mean((2, 3)))


class WideBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.convShortcut = None if inputs == outputs else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x):
        a = F.relu(self.bn1(x))
        y = self.conv2(F.relu(self.bn2(self.conv1(a))))
        return y + (x if self.convShortcut is None else self.convShortcut(a))


class WideGroup(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        self.layer = nn.Sequential(*blocks)

    def forward(self, x):
        return self.layer(x)


class WideResNet(nn.Module):
    """Zagoruyko and Komodakis 2016, with the parameter names of TRADES' code."""

    def __init__(self, inputs, depth, width, classes):
        super().__init__()
        count = (depth - 4) // 6
        sizes = [16, 16 * width, 32 * width, 64 * width]
        self.conv1 = nn.Conv2d(inputs, 16, 3, 1, 1, bias=False)
        for group in range(3):
            a, b, stride = sizes[group], sizes[group + 1], 1 if group == 0 else 2
            blocks = [WideBlock(a if i == 0 else b, b, stride if i == 0 else 1) for i in range(count)]
            setattr(self, f"block{group + 1}", WideGroup(blocks))
        self.bn1 = nn.BatchNorm2d(sizes[3])
        self.fc = nn.Linear(sizes[3], classes)

    def forward(self, x):
        x = self.block3(self.block2(self.block1(self.conv1(x))))
        return self.fc(F.relu(self.bn1(x)).mean((2, 3)))
