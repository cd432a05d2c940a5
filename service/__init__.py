"""The service: the solver over HTTP. It submits jobs, keeps no state of its own and never imports TensorFlow."""
