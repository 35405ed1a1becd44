"""Programs in the style of autograd tutorials, and what PyTorch prints for them."""
