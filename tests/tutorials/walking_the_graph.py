"""grad_fn names the operation that made a tensor, next_functions those before it."""

import torch

x = torch.ones(2, 2, requires_grad=True)
print(x.grad_fn)
y = x + 2
z = y * y * 3
out = z.mean()
print(y, z, out)
print(y.grad_fn.name())
print(out.grad_fn.name())
before = out.grad_fn.next_functions[0][0]
print(before.name())
print(len(before.next_functions), before.next_functions[1][0])
leaf = y.grad_fn.next_functions[0][0]
print(leaf.variable is x)
out.backward()
print(x.grad)
