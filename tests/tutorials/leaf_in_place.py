"""A leaf that requires grad is not written to."""

import torch

x = torch.ones(3, requires_grad=True)
x.data[0] = 5
print(x)
with torch.no_grad():
    x[1] = 7
print(x)
x += 1
