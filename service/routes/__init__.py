"""The endpoints, one module for each section of the contract."""
