"""Without that gradient, only scalars can be differentiated."""

import torch

x = torch.arange(3, dtype=torch.float32, requires_grad=True)
y = x * 2
print(y)
y.backward()
