"""create_graph keeps the history of a gradient, so that it can be differentiated again."""

import torch

x = torch.tensor([1.0, 2.0], requires_grad=True)
y = (x**3).sum()
(first,) = torch.autograd.grad(y, x, create_graph=True)
print(first.detach())
print(first.requires_grad)
(second,) = torch.autograd.grad(first.sum(), x)
print(second)

t = torch.tensor(0.5, requires_grad=True)
f = torch.sin(t)
for order in range(4):
    (f,) = torch.autograd.grad(f, t, create_graph=True)
    print(order + 1, f"{f.item():.6f}")
