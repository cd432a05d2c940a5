"""The equation language: grammar, checked expression trees, and one compiler to NumPy and TensorFlow."""
