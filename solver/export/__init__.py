"""Policies to take away: npz for NumPy alone, ONNX, TensorFlow's SavedModel. ``docs/artifacts.md`` is their contract."""
