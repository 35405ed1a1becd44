"""How tensors look: digits, columns, exponents, types, and where the middle is left out."""

import torch

print(torch.tensor([1.0, 2.5, -3.125]))
print(torch.tensor([1e-8, 1.0, 1e8]))
print(torch.tensor([[0.001, 100.0], [2.0, 3.0]]))
print(torch.tensor([1, -20, 300]))
print(torch.tensor([True, False]))
print(torch.tensor(3.0), torch.tensor(3), torch.tensor(1 / 3))
print(torch.zeros(2, 2, dtype=torch.float64))
print(torch.tensor([]))
print(torch.tensor([float("nan"), float("inf"), 1.5]))
print(torch.arange(1200).reshape(30, 40))
print(torch.linspace(0, 1, 1001))
print(torch.ones(2, 2, 2))
print(torch.eye(3) * 0.1)
print(torch.full((2, 12), 12345.678))
print(torch.zeros(3, 4).shape, torch.zeros(2).size())
