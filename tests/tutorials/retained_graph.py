"""Gradients add up over calls of backward; the graph is freed unless it is retained."""

import torch
from torch.autograd import Variable as V

a = V(torch.FloatTensor([2, 3]), requires_grad=True)
b = a + 3
c = b * b * 3
out = c.mean()
print(a)
print(c)
print(out)

out.backward(retain_graph=True)
print(a.grad)
out.backward()
print(a.grad)
out.backward()
