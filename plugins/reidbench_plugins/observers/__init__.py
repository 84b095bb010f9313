"""Observers that pass a run's numbers on: to TensorBoard, to MLflow."""
