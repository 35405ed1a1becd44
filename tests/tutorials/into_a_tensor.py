"""Entries written one by one into a tensor, and a gradient given from outside."""

import torch
from torch.autograd import Variable

m = Variable(torch.FloatTensor([[2, 3]]), requires_grad=True)
n = Variable(torch.zeros(1, 2))
print(m)
print(n)
n[0, 0] = m[0, 0] ** 2
n[0, 1] = m[0, 1] ** 3
print(n)
n.backward(torch.FloatTensor([[1, 1]]), retain_graph=True)
print(m.grad)

m.grad.data.zero_()
n.backward(torch.FloatTensor([[1, 0]]), retain_graph=True)
print(m.grad)

p = torch.tensor([2.0, 3.0], requires_grad=True)
q = torch.zeros(2)
q[0] = p[0] ** 2
q[1] = p[1] ** 3
q.backward(torch.ones(2))
print(q)
print(p.grad)
