"""There is nothing to differentiate where nothing requires grad."""

import torch

x = torch.ones(2)
y = (x * x).sum()
print(y, y.requires_grad)
y.backward()
