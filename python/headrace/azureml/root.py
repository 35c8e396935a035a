"""What `import azureml` shows: nothing but its sub-modules."""
