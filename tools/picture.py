"""Draws docs/images/architecture.svg from the code's own tables: workloads, areas, calls, events, one order's path."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib import import_module
from pathlib import Path

from shared.base.workloads import BY_NAME, SERVICES, WORKLOADS, Kind, Workload
from shared.data.events import SUBSCRIBERS

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "images" / "architecture.svg"

BOX_WIDTH, BOX_HEIGHT = 214, 88
COLUMN, ROW = 300, 108
LEFT, TOP = 24, 92
ORDER_PATH = ("customer", "gateway", "orders", "products", "payments", "psp-sandbox")
# Folders of a service that are no areas: adapters, and the machinery of the services without areas.
NO_AREAS = {"clients", "engine", "operations", "proxy", "rules", "__pycache__"}
HEADING = "Tradepost: calls, events, the areas of each service, and the path of one order"
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1c2733 }
  .title { font-size: 18px; font-weight: 600 } .small { font-size: 11px; fill: #52606d }
  .box { fill: #fff; stroke: #7b8794; rx: 6 } .public { fill: #e8f1fb; stroke: #2b6cb0 }
  .call { fill: none; stroke: #9aa5b1; marker-end: url(#grey) }
  .event { fill: none; stroke: #b7791f; stroke-dasharray: 5 4; marker-end: url(#amber) }
  .way { fill: none; stroke: #2f855a; stroke-width: 2.5; marker-end: url(#green) }
"""

# Columns from left to right: a workload is right of its callers.
COLUMNS: tuple[tuple[str, ...], ...] = (
    ("customer", "admin", "mailbox"),
    ("gateway",),
    ("orders", "search", "notifications"),
    ("products", "payments", "users"),
    ("psp-sandbox",),
)


def place(name: str) -> tuple[int, int]:
    """Return the top left corner of a workload's box."""
    for column, names in enumerate(COLUMNS):
        if name in names:
            shift = ROW if len(names) == 1 else 0
            return LEFT + column * COLUMN, TOP + names.index(name) * int(ROW * 1.25) + shift
    raise KeyError(name)


def events_between() -> dict[tuple[str, str], list[str]]:
    """Return the events by (publisher, subscriber), from the registered handlers."""
    for service in SERVICES:
        if (ROOT / "services" / service / "handlers.py").exists():
            import_module(f"services.{service}.handlers")
    found: dict[tuple[str, str], list[str]] = {}
    for name, handlers in sorted(SUBSCRIBERS.items()):
        publisher, event, _ = name.split(".")
        for handler in handlers:
            if handler.service in SERVICES and handler.service != publisher:
                found.setdefault((publisher, handler.service), []).append(event)
    return found


def background_of(service: str) -> str:
    """Return the background processes of a service, as a phrase."""
    kinds = [
        each.kind.value for each in WORKLOADS if each.package == f"services.{service}" and each.kind is not Kind.WEB
    ]
    return "with " + " and ".join(kinds) if kinds else ""


def areas_of(service: str) -> list[str]:
    """Return the names of a service's areas, two lines of them at most."""
    folders = sorted((ROOT / "services" / service).glob("*/__init__.py"))
    names = [folder.parent.name for folder in folders if folder.parent.name not in NO_AREAS]
    return list(filter(None, (", ".join(names[:4]), ", ".join(names[4:]))))


def box(workload: Workload) -> str:
    x, y = place(workload.name)
    kind = "box public" if workload.public else "box"
    notes = [f":{workload.port}{workload.prefix if workload.prefix != '/' else ''}", background_of(workload.name)]
    rows = [
        f'<rect class="{kind}" x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6"/>',
        f'<text x="{x + 12}" y="{y + 24}" font-weight="600">{escape(workload.name)}</text>',
        f'<text class="small" x="{x + 12}" y="{y + 44}">{escape("  ".join(filter(None, notes)))}</text>',
        *(
            f'<text class="small" x="{x + 12}" y="{y + 62 + 16 * number}">{escape(line)}</text>'
            for number, line in enumerate(areas_of(workload.name))
        ),
    ]
    return "\n".join(rows)


def arrow(source: str, target: str, kind: str, *, bend: int = 0, label: str = "") -> str:
    """Return a curve from one box to another, from the sides that face each other."""
    (x1, y1), (x2, y2) = place(source), place(target)
    start_y, end_y = y1 + BOX_HEIGHT / 2 + bend, y2 + BOX_HEIGHT / 2 + bend
    if x1 == x2:
        side = x1 + BOX_WIDTH
        path = f"M{side},{start_y} C{side + 46},{start_y} {side + 46},{end_y} {side},{end_y}"
    else:
        start_x, end_x = (x1 + BOX_WIDTH, x2) if x1 < x2 else (x1, x2 + BOX_WIDTH)
        middle = (start_x + end_x) / 2
        path = f"M{start_x},{start_y} C{middle},{start_y} {middle},{end_y} {end_x},{end_y}"
    title = f"<title>{escape(label)}</title>" if label else ""
    return f'<path class="{kind}" d="{path}">{title}</path>'


def markers() -> str:
    colours = {"grey": "#9aa5b1", "amber": "#b7791f", "green": "#2f855a"}
    shapes = [
        f'<marker id="{name}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="9" markerHeight="9"'
        f' markerUnits="userSpaceOnUse" orient="auto">'
        f'<path d="M0,0 L8,4 L0,8 z" fill="{colour}"/></marker>'
        for name, colour in colours.items()
    ]
    return f"<defs>{''.join(shapes)}</defs>"


def arrows() -> Iterator[str]:
    drawn = [name for column in COLUMNS for name in column]
    way = list(zip(("customer", "gateway", "orders", "orders", "payments"), ORDER_PATH[1:], strict=True))
    for workload in (BY_NAME[name] for name in drawn):
        for upstream in workload.calls:
            if (workload.name, upstream) not in way and upstream in drawn:
                yield arrow(workload.name, upstream, "call", label=f"{workload.name} calls {upstream}")
    for (publisher, subscriber), events in sorted(events_between().items()):
        yield arrow(publisher, subscriber, "event", bend=12, label=", ".join(events))
    for number, (source, target) in enumerate(way, start=1):
        yield arrow(source, target, "way", bend=-10, label=f"step {number} of placing an order")


def legend(y: int) -> str:
    texts = [
        "Grey: HTTP calls. Amber, dashed: events (outbox, relay, broker, inbox), from publisher to subscriber.",
        "Green: the path of one order. customer or API client → gateway (policy table) → orders: placed → products:"
        " stock reserved → payments → card processor: authorised → orders: confirmed.",
        "Every service keeps a database of its own in MongoDB; Redis holds counters, queues and streams."
        f" {len(WORKLOADS)} processes in all, from shared/base/workloads.py.",
    ]
    return "\n".join(
        f'<text class="small" x="{LEFT}" y="{y + 18 * n}">{escape(line)}</text>' for n, line in enumerate(texts)
    )


def draw() -> str:
    """Return the picture as SVG; it is the same as long as the tables are."""
    width = LEFT * 2 + COLUMN * (len(COLUMNS) - 1) + BOX_WIDTH
    height = TOP + int(ROW * 1.25) * 3 + 70
    boxes = [box(BY_NAME[name]) for column in COLUMNS for name in column]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(HEADING)}</title>",
        f"<style>{STYLE}</style>",
        markers(),
        f'<rect width="{width}" height="{height}" fill="#f8fafc"/>',
        f'<text class="title" x="{LEFT}" y="44">{escape(HEADING)}</text>',
        *arrows(),
        *boxes,
        legend(height - 52),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def main() -> None:
    """Write the picture; `make picture` calls it, and a test fails when it is out of date."""
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(draw(), encoding="utf-8")
    print(f"drawn: {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
