"""Only floats have a gradient."""

import torch

i = torch.tensor([1, 2, 3])
f = torch.tensor([1, 2, 3], dtype=torch.float64, requires_grad=True)
print(i.dtype, f.dtype)
print(f)
print(i * 2, i / 2, i // 2, i + 0.5)
i.requires_grad = True
