"""PyTorch 0.3: as the tutorials of 2017 show it."""

import torch
from torch.autograd import Variable

tensor = torch.FloatTensor([[1, 2], [3, 4]])
variable = Variable(tensor, requires_grad=True)
print(tensor)
print(variable)
v_out = torch.mean(variable * variable)
print(v_out)
v_out.backward()
print(variable.grad)
print(variable.data)
print(variable.data.numpy())
print(Variable(torch.FloatTensor([0.5, 100, -3])))
print(torch.LongTensor([1, 20, 300]))
print(torch.zeros(2, 1, 2))
