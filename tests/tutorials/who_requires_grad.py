"""requires_grad spreads to everything that is computed from a tensor that requires it."""

import torch

x = torch.rand(2, 3)
w = torch.ones(3, requires_grad=True)
print(x.requires_grad, w.requires_grad)
y = x @ w
print(y.requires_grad, y.is_leaf, w.is_leaf, x.is_leaf)
print((x * 2).requires_grad, (w > 0).requires_grad, w.sum().requires_grad)
d = y.detach()
print(d.requires_grad, d.is_leaf)
with torch.no_grad():
    frozen = w * 2
    print(frozen.requires_grad)
    with torch.enable_grad():
        print((w * 2).requires_grad)
print(torch.is_grad_enabled())
w.requires_grad = False
print(w.requires_grad, w.grad)
v = torch.zeros(3, requires_grad=True)
(v * 2).sum().backward()
print(v.grad)
print(w.grad)
