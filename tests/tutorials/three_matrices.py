"""A sum of three matrices: every one gets the same gradient."""

import torch

torch.set_printoptions(precision=2)
a = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
b = torch.tensor([[0.5, 0.25], [0.125, 8]], requires_grad=True)
c = torch.ones(2, 2, requires_grad=True)
s = a + b + c
print(s)
s.backward(torch.ones_like(s))
print(a.grad)
print(b.grad)
print(c.grad)
print(a.grad is b.grad)
torch.set_printoptions(profile="default")
