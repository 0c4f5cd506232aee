"""The seven services; each folder is one workload with the same eleven files."""
