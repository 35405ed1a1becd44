"""NumPy arrays and tensors share their memory."""

import numpy as np
import torch

a = np.array([[1, 2], [3, 4]], dtype=np.float64)
t = torch.from_numpy(a)
print(t)
print(t.dtype)
t[0, 0] = 10
print(a)
n = t.numpy()
print(n)
print(torch.from_numpy(np.array([1, 2, 3])))
print(torch.from_numpy(np.array([1, 2, 3], dtype=np.float32)))
r = torch.ones(2, dtype=torch.float64, requires_grad=True)
print(r.detach().numpy())
print((t * r).sum())
r.numpy()
