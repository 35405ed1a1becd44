"""PyTorch's face on the graph: tensors that remember what they were computed from."""
