"""The service: the solver over HTTP. It submits jobs, keeps no state and never imports TensorFlow."""
