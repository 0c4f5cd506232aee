"""What is stored: MongoDB, Redis, files, keys, encryption, events as they are kept."""
