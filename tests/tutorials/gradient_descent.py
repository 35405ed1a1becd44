"""Fitting a line, step by step, as every tutorial does."""

import torch

x = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
y = 2 * x + 1
w = torch.zeros(1, 1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
for i in range(3):
    loss = ((x @ w + b - y) ** 2).sum()
    loss.backward()
    with torch.no_grad():
        w -= 0.01 * w.grad
        b -= 0.01 * b.grad
    print(i, loss.item() < 0.001, w.grad.abs().max().item() < 0.01)
    w.grad = None
    b.grad = None
print(w.requires_grad, w.is_leaf, w.grad)
