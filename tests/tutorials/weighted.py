"""A result with several entries needs a gradient of its shape: how much each of them counts."""

import torch

x = torch.ones(3, requires_grad=True)
y = x * 2
print(y)
y.backward(torch.tensor([1.0, 2.0, 3.0]))
print(x.grad)

z = x * x
z.backward(torch.ones(2))
