"""Writing to a tensor is part of its history, and noticed where the old value is needed."""

import torch

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x * 2
y += 1
print(y)
y.mul_(3)
print(y)
y[0] = 100
print(y)
y.sum().backward()
print(x.grad)

z = x * 1
s = z**2
z.add_(1)
print(z)
s.sum().backward()
