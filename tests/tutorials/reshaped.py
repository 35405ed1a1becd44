"""requires_grad_() makes a leaf of what has no history yet."""

import torch

x = torch.range(1, 6).reshape(2, 3).requires_grad_()
print(x)
print(x.is_leaf, x.requires_grad, x.grad_fn)
y = (x**2).sum(dim=0)
print(y)
loss = y.mean()
loss.backward()
print(x.grad)

z = x.view(-1)[1:4]
print(z)
print(z.is_leaf, z.requires_grad)
print(x.T.shape, x.t().size(), x.permute(1, 0).size(0))
