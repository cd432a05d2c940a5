"""The wire format: one pydantic schema for each body, each query and each answer of the contract."""
