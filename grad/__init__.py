"""The autograd core: graph, rules, transforms and tensors; knows no text and no terminal."""
