"""A platform of three tiny processes, so that the supervisor is tested in seconds."""
