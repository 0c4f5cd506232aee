"""The shop behind the fake gateway: products, carts, orders, payments in memory, in the shapes of the published API."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

from shared.base.money import line_total
from shared.portal.gateway import Call
from tests.portals.fake_orders import OrderBook
from tests.portals.fake_people import FakePeople
from tests.portals.fake_shapes import BUYER, REP, STAFF, Json, Refusal, make_product, page

__all__ = ["Refusal", "Shop"]


class Shop:
    """State and routes; a route takes the user, the call and the parts of its path, and returns status and body."""

    def __init__(self) -> None:
        self.users: dict[str, Json] = {user["email"]: user for user in (BUYER, STAFF, REP)}
        self.products: dict[str, Json] = {}
        self.sold_in: list[str] = []
        self.search_finds_inactive = False
        self.reserved: dict[str, int] = {}
        self.carts: dict[str, dict[str, int]] = {}
        self.imports: dict[str, Json] = {}
        self.companies: dict[str, Json] = {}
        self.notifications: list[Json] = []
        self.book = OrderBook(self)
        self.people = FakePeople()
        self._serial = itertools.count(1)
        self.add_company("com_acme", "Acme Trading", "C-1001")

    def add_company(self, company_id: str, name: str, reference: str | None = None) -> Json:
        times = dict.fromkeys(("created_at", "updated_at"), "2026-10-02T08:00:00Z")
        company = {"id": company_id, "name": name, "reference": reference, **times}
        self.companies[company_id] = company
        return company

    def add_product(self, sku: str, **changes: Any) -> Json:
        self.products[sku] = make_product(sku) | changes
        return self.products[sku]

    def fill_cart(self, **quantities: int) -> None:
        self.carts["com_acme"] = {sku.replace("_", "-"): quantity for sku, quantity in quantities.items()}

    def routes(self) -> list[tuple[str, str, Any]]:
        return [
            ("GET", "/me", lambda user, call: (200, user)),
            ("GET", "/search", self.search),
            ("GET", "/search/suggest", self.suggest),
            ("GET", "/products", self.list_products),
            ("POST", "/products", self.create_product),
            ("POST", "/products/imports", self.start_import),
            ("GET", "/products/imports", self.list_imports),
            ("GET", "/products/imports/([^/]+)", self.get_import),
            ("POST", "/products/imports/([^/]+)/execution", self.carry_out_import),
            ("GET", "/products/imports/([^/]+)/failed-rows", self.get_failed_rows),
            ("GET", "/products/([^/]+)", lambda user, call, sku: (200, self.product(sku))),
            ("PATCH", "/products/([^/]+)", self.change_product),
            ("GET", "/currencies", lambda user, call: (200, self.currencies())),
            ("PUT", "/currencies", self.set_currencies),
            ("GET", "/inventory/([^/]+)", lambda user, call, sku: (200, self.inventory(sku))),
            ("PUT", "/inventory/([^/]+)", self.set_inventory),
            ("GET", "/cart", lambda user, call: (200, self.cart(user))),
            ("PUT", "/cart", self.replace_cart),
            ("POST", "/cart/items", self.add_to_cart),
            ("POST", "/payments/sessions", self.open_card_page),
            ("GET", "/notifications", lambda user, call: (200, page(self.notifications, call))),
            ("GET", "/companies", self.list_companies),
            ("POST", "/companies", self.create_company),
            ("GET", "/companies/([^/]+)", self.get_company),
            *self.book.routes(),
            *self.people.routes(),
        ]

    def product(self, sku: str) -> Json:
        if sku not in self.products:
            raise Refusal(404, "not-found", detail=f"There is no product {sku}")
        return self.products[sku]

    def search(self, user: Json, call: Call) -> tuple[int, Json]:
        text, category = str(call.query.get("q") or "").lower(), call.query.get("category")
        sold = [one for one in self.products.values() if one["is_active"] or self.search_finds_inactive]
        hits = [product for product in sold if text in (product["name"] + product["sku"]).lower()]
        counts: dict[str, int] = {}
        for product in hits:
            counts[product["category"]] = counts.get(product["category"], 0) + 1
        kept = [product for product in hits if category in (None, product["category"])]
        facets = {"category": [{"value": value, "count": count} for value, count in counts.items()]}
        return 200, page([_found(product) for product in kept], call) | {"total": len(kept), "facets": facets}

    def suggest(self, user: Json, call: Call) -> tuple[int, Json]:
        found = self.search(user, call)[1]["items"]
        return 200, {"items": [{"sku": product["sku"], "name": product["name"]} for product in found[:8]]}

    def list_products(self, user: Json, call: Call) -> tuple[int, Json]:
        category, skus = call.query.get("category"), call.query.get("sku")
        skus = skus if isinstance(skus, list) else []
        found = [one for one in self.products.values() if category in (None, one["category"])]
        if "products:write" not in user["permissions"]:
            found = [one for one in found if one["is_active"]]
        return 200, page([one for one in found if not skus or one["sku"] in skus], call)

    def create_product(self, user: Json, call: Call) -> tuple[int, Json]:
        sku = call.body["sku"].strip().upper()
        if not sku:
            raise Refusal(422, "invalid-input", errors=[{"pointer": "/sku", "detail": "A SKU is needed"}])
        if sku in self.products:
            raise Refusal(409, "sku-taken", detail=f"{sku} exists already")
        given = {name: value for name, value in call.body.items() if name != "sku"}
        return 201, self.add_product(sku, **given, is_stocked=False, available=None)

    def change_product(self, user: Json, call: Call, sku: str) -> tuple[int, Json]:
        if len(call.body.get("name", "")) > 200:
            errors = [{"pointer": "/name", "detail": "Longer than maximum length 200."}]
            raise Refusal(422, "invalid-input", errors=errors)
        self.product(sku).update(call.body)
        return 200, self.product(sku)

    def currencies(self) -> Json:
        codes = self.sold_in or sorted({product["unit_price"]["currency"] for product in self.products.values()})
        return {"items": [{"code": code, "decimals": 2} for code in codes], "is_set": bool(self.sold_in)}

    def set_currencies(self, user: Json, call: Call) -> tuple[int, Json]:
        for sku, product in self.products.items():
            code = product["unit_price"]["currency"]
            if code not in call.body["currencies"]:
                raise Refusal(
                    409, "currency-in-use", detail=f"{code} is the currency of products on sale, such as SKU {sku}."
                )
        self.sold_in = sorted(call.body["currencies"])
        return 200, self.currencies()

    def inventory(self, sku: str) -> Json:
        product = self.product(sku)
        reserved = self.reserved.get(sku, 0)
        on_hand = product["available"] + reserved if product["is_stocked"] else None
        state = {"sku": sku, "is_stocked": product["is_stocked"], "available": product["available"]}
        return state | {"on_hand": on_hand, "reserved": reserved, "updated_at": "2026-11-24T09:00:00Z"}

    def set_inventory(self, user: Json, call: Call, sku: str) -> tuple[int, Json]:
        product, on_hand, reserved = self.product(sku), call.body["on_hand"], self.reserved.get(sku, 0)
        if on_hand is not None and on_hand < reserved:
            raise Refusal(409, "stock-below-reserved", detail=f"{reserved} units are reserved for orders")
        product["is_stocked"] = on_hand is not None
        product["available"] = None if on_hand is None else on_hand - reserved
        return 200, self.inventory(sku)

    def cart(self, user: Json) -> Json:
        lines = [self._cart_line(sku, quantity) for sku, quantity in self._cart_of(user).items()]
        currencies = list(dict.fromkeys(line["total"]["currency"] for line in lines))
        problem = None if len(currencies) < 2 else f"The cart holds prices in {' and '.join(currencies)}."
        for line in lines:
            if line["total"]["currency"] != currencies[0]:
                line["problem"] = f"Its price is in {line['total']['currency']}, the first line's in {currencies[0]}."
        amount = sum(line["total"]["amount"] for line in lines)
        total = {"amount": amount, "currency": currencies[0]} if len(currencies) == 1 else None
        return {"line_items": lines, "total": total, "problem": problem, "updated_at": "2026-11-24T09:00:00Z"}

    def _cart_of(self, user: Json) -> dict[str, int]:
        return self.carts.setdefault(user["company"]["id"], {})

    def _cart_line(self, sku: str, quantity: int) -> Json:
        product = self.products[sku]
        price = product["unit_price"]
        for step in product["price_breaks"]:
            price = step["unit_price"] if step["min_quantity"] <= quantity else price
        is_available = product["is_active"] and (not product["is_stocked"] or product["available"] >= quantity)
        return {
            "sku": sku,
            "name": product["name"],
            "quantity": quantity,
            "unit_price": price,
            "total": price | {"amount": line_total(Decimal(str(price["amount"])), quantity)},
            "available": product["available"],
            "is_available": is_available,
            "problem": None,
        }

    def replace_cart(self, user: Json, call: Call) -> tuple[int, Json]:
        wanted = {line["sku"]: line["quantity"] for line in call.body["line_items"]}
        faults = [
            {"pointer": f"/line_items/{position}/sku", "detail": f"There is no product {sku}"}
            for position, sku in enumerate(wanted)
            if sku not in self.products
        ]
        faults += [
            {"pointer": f"/line_items/{position}/quantity", "detail": "At most 1,000,000 of one product."}
            for position, quantity in enumerate(wanted.values())
            if quantity > 1_000_000
        ]
        if faults:
            raise Refusal(422, "invalid-input", errors=faults)
        self.carts[user["company"]["id"]] = wanted
        return 200, self.cart(user)

    def add_to_cart(self, user: Json, call: Call) -> tuple[int, Json]:
        sku = call.body["sku"].strip().upper()
        if sku not in self.products:
            raise Refusal(422, "invalid-input", errors=[{"pointer": "/sku", "detail": f"There is no product {sku}"}])
        cart = self._cart_of(user)
        cart[sku] = cart.get(sku, 0) + call.body["quantity"]
        return 200, self.cart(user)

    def open_card_page(self, user: Json, call: Call) -> tuple[int, Json]:
        return 201, {"url": f"http://127.0.0.1:8084/psp-sandbox/pay/1?return_url={call.body['return_url']}"}

    def list_companies(self, user: Json, call: Call) -> tuple[int, Json]:
        reference, text = call.query.get("reference"), str(call.query.get("q") or "").lower()
        named = [one for one in self.companies.values() if _has_beginning(one, text)]
        return 200, page([one for one in named if reference in (None, one["reference"])], call)

    def get_company(self, user: Json, call: Call, company_id: str) -> tuple[int, Json]:
        if company_id not in self.companies:
            raise Refusal(404, "not-found")
        return 200, self.companies[company_id]

    def create_company(self, user: Json, call: Call) -> tuple[int, Json]:
        reference = call.body.get("reference")
        for company in self.companies.values():
            if reference and company["reference"] == reference:
                return 200, company
        return 201, self.add_company(f"com_{next(self._serial)}", call.body["name"], reference)

    def start_import(self, user: Json, call: Call) -> tuple[int, Json]:
        if call.upload is None or not call.upload.content:
            raise Refusal(422, "invalid-input", detail="The file is empty")
        import_id = f"imp_{next(self._serial)}"
        is_dry_run = call.query.get("dry_run") == "true"
        return 202, self.add_import(import_id, call.upload.filename, is_dry_run=is_dry_run)

    def add_import(self, import_id: str, filename: str, **changes: Any) -> Json:
        counts = {"rows_read": 0, "created": 0, "updated": 0, "unchanged": 0, "failed": 0}
        times = {"created_at": "2026-11-24T09:00:00Z", "finished_at": None}
        state: Json = {"id": import_id, "filename": filename, "status": "queued", "errors": [], "is_dry_run": False}
        state |= {"file_format": None, "rows_total": None, "has_failed_rows": False, "changes": []}
        self.imports[import_id] = state | counts | times | changes
        return self.imports[import_id]

    def get_import(self, user: Json, call: Call, import_id: str) -> tuple[int, Json]:
        if import_id not in self.imports:
            raise Refusal(404, "not-found")
        return 200, self.imports[import_id]

    def list_imports(self, user: Json, call: Call) -> tuple[int, Json]:
        left_out = ("errors", "changes", "file_format", "has_failed_rows")
        rows = [{name: value for name, value in one.items() if name not in left_out} for one in self.imports.values()]
        return 200, page(rows[::-1], call)

    def carry_out_import(self, user: Json, call: Call, import_id: str) -> tuple[int, Json]:
        planned = self.imports.get(import_id)
        if planned is None:
            raise Refusal(404, "not-found")
        if not planned["is_dry_run"] or planned["status"] != "succeeded":
            raise Refusal(409, "import-not-repeatable")
        started_id = f"imp_{next(self._serial)}"
        counts = {"rows_read": 0, "created": 0, "updated": 0, "unchanged": 0, "failed": 0}
        new = {"id": started_id, "is_dry_run": False, "status": "queued", "changes": []}
        self.imports[started_id] = planned | new | counts
        return 202, self.imports[started_id]

    def get_failed_rows(self, user: Json, call: Call, import_id: str) -> tuple[int, bytes]:
        if import_id not in self.imports or not self.imports[import_id]["has_failed_rows"]:
            raise Refusal(404, "not-found")
        return 200, b"reason,sku\r\nunit_price: is no amount,A\r\n"


def _found(product: Json) -> Json:
    return {name: product[name] for name in ("sku", "name", "description", "category", "unit_price")}


def _has_beginning(company: Json, text: str) -> bool:
    return any(word.startswith(text) for word in f"{company['name']} {company['reference'] or ''}".lower().split())
