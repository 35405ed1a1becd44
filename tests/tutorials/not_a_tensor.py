"""A Variable holds a tensor."""

from torch.autograd import Variable

Variable(range(5), requires_grad=True)
