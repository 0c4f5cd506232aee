"""The pairs of CPU and memory that Fargate has; any other is refused only when a task starts."""

from __future__ import annotations

from collections.abc import Collection, Mapping

# CPU units -> MiB, from the ECS task definition's documentation.
MEMORY_OF: Mapping[int, Collection[int]] = {
    256: (512, 1024, 2048),
    512: range(1024, 4097, 1024),
    1024: range(2048, 8193, 1024),
    2048: range(4096, 16385, 1024),
    4096: range(8192, 30721, 1024),
    8192: range(16384, 61441, 4096),
    16384: range(32768, 122881, 8192),
}


def is_fargate_size(cpu: object, memory: object) -> bool:
    return isinstance(cpu, int) and isinstance(memory, int) and memory in MEMORY_OF.get(cpu, ())
