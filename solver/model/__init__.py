"""What an economy is: the model file and its reader, calibration, and the built-in models."""
