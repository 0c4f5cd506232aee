"""Check the machine and prepare the environment Tradepost runs in, with nothing but Python's own library."""

# Old interpreters must be able to read this file far enough to print that they are too old.
import argparse
import platform
import sys

OLDEST = (3, 11)
NEWEST = (3, 14)
OLDEST_GLIBC = (2, 34)


def refusal(system: str, machine: str, libc: tuple, python: tuple) -> str:  # type: ignore[type-arg]
    """Return the reason why this machine is not supported, in one sentence, or nothing."""
    if system != "Linux" or machine not in ("x86_64", "AMD64"):
        return f"Tradepost runs on Linux x86-64; this is {system} {machine}."
    if not OLDEST <= python[:2] <= NEWEST:
        return (
            f"Tradepost needs CPython 3.11 to 3.14; this is {python[0]}.{python[1]}. "
            "Install one of them and run `make PYTHON=/path/to/python3 setup`."
        )
    if libc[0] != "glibc" or _version(libc[1]) < OLDEST_GLIBC:
        return (
            f"Tradepost needs glibc 2.34 or newer (Debian 12, Ubuntu 22.04, RHEL 9); this system has "
            f"{' '.join(libc).strip() or 'another C library'}."
        )
    return ""


def _version(text: str) -> tuple:  # type: ignore[type-arg]
    return tuple(int(part) for part in text.split(".")[:2] if part.isdigit())


def main() -> int:
    """Prepare the given parts; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.prepare", description=__doc__)
    parser.add_argument("--dev", action="store_true", help="also install what tests and checks need")
    parser.add_argument("--node", action="store_true", help="also unpack Node.js")
    parser.add_argument("--npm", action="store_true", help="also unpack Node.js and install the npm packages of checks")
    parser.add_argument("--state", default=".tradepost", help="the folder that holds everything (default: .tradepost)")
    parser.add_argument("--check", action="store_true", help="only check the machine")
    options = parser.parse_args()
    reason = refusal(platform.system(), platform.machine(), platform.libc_ver(), sys.version_info[:3])
    if reason:
        sys.stderr.write(reason + "\n")
        return 1
    if options.check:
        return 0
    # Imported late: an old interpreter could not even read it.
    from tools.prepare_environment import prepare

    return prepare(options.state, dev=options.dev, node=options.node, npm=options.npm)


if __name__ == "__main__":
    sys.exit(main())
