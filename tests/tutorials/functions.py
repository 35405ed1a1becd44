"""Functions as functions and as methods, with their steps back."""

import torch

x = torch.tensor([[1.0, -2.0], [0.5, 3.0]], requires_grad=True)
print(torch.exp(x))
print(x.abs().sqrt())
print(torch.relu(x), x.sigmoid())
print(x.max(), x.min(dim=1).values)
values, places = torch.max(x, 0)
print(values, places)
print(torch.cat([x, x]).shape, torch.stack([x, x]).shape)
print(x.mean(dim=0, keepdim=True), x.std(), x.norm())
print(torch.where(x > 0, x, torch.zeros_like(x)))
print(x.softmax(dim=1).sum(1))
loss = torch.log(1 + torch.exp(x)).sum() + x.prod() + x.clamp(0, 1).sum()
loss.backward()
print(x.grad)
print(x.argmax(), x.argmax(dim=1), (x > 0).sum())
print(torch.manual_seed(0) is None)
torch.manual_seed(0)
print(torch.rand(2, 3))
print(torch.randn(3))
print(torch.randint(0, 10, (5,)))
