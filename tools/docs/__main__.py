"""`make docs`: write the generated part of each page anew; the diff is what a reviewer looks at."""

from __future__ import annotations

import sys

from tools.docs.pages import PAGES, renewed


def main() -> int:
    for page in PAGES:
        page.path.write_text(renewed(page), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
