"""Things that exist, so that random requests reach what stands behind a 404."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from tools.replay.api import Api
from tools.replay.identity import SignedIn

FILE = ("fuzz.csv", "sku,name,unit_price,currency,stock\nFUZZ-1,Fuzzed bolt,1.50,GBP,100000\n,,,,\n", "text/csv")


@dataclass(frozen=True)
class Things:
    """Ids by the names of the parameters in the document's paths."""

    order_id: str
    payment_id: str
    company_id: str
    import_id: str
    user_id: str
    sku: str

    def as_toml(self) -> str:
        """Return Schemathesis' configuration that puts these ids into every path."""
        return "[parameters]\n" + "".join(f'"path.{name}" = "{value}"\n' for name, value in asdict(self).items())


def make_things(api: Api, admin: SignedIn, buyer: SignedIn) -> Things:
    """Import a product, order it, invite a person, and return the ids of all that came of it."""
    started = api.upload("import", "/products/imports", FILE, admin)
    while api.get("import", f"/products/imports/{started['id']}", admin)["status"] in ("queued", "running"):
        api.pause(0.2)
    lines = [{"sku": "FUZZ-1", "quantity": 2}]
    body = {"line_items": lines, "payment": {"method": "card", "token": "tok_ok"}}
    order = api.post("order", "/orders", body, buyer, keyed=True).body
    company_id = str(order["company_id"])
    invited = {"email": f"{order['id']}@fuzz.example", "name": "Fuzz", "company_id": company_id, "roles": ["buyer"]}
    person = api.post("invite", "/invitations", invited, admin, keyed=True).body
    return Things(
        order_id=order["id"],
        payment_id=order["payment_id"],
        company_id=company_id,
        import_id=started["id"],
        user_id=person["id"],
        sku="FUZZ-1",
    )
