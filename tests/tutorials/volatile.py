"""PyTorch 0.3: the old flag `volatile` spreads, outranks requires_grad, and leaves no history."""

import torch
from torch.autograd import Variable

regular = Variable(torch.ones(2), requires_grad=True)
flag = Variable(torch.ones(2), volatile=True)
print(regular.requires_grad, regular.volatile)
print(flag.requires_grad, flag.volatile)
both = regular + flag
print(both.requires_grad, both.volatile, both.grad_fn)
print((both * 2).volatile)
print(both)
