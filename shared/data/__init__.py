"""Storage: MongoDB, Redis, files, encryption and its keys, events as they are stored."""
