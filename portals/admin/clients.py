"""The gateway's API as the merchant's pages need it, one class per area."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from flask import current_app

from shared.calls.service_client import UpstreamRefused
from shared.portal.gateway import Area, Call, Upload, segment

Json = dict[str, Any]
PAGE_SIZE = 25
NAME_SECONDS = 600
MOST_NAMES = 5_000


class Orders(Area):
    def list_orders(self, filters: Mapping[str, str | None], *, limit: int = PAGE_SIZE) -> Json:
        """Return orders of every company; filters: status, reference, ordered_on, company_id, cursor."""
        page: Json = self.gateway.get("/orders", limit=limit, **filters)
        return page

    def get_order(self, order_id: str) -> Json:
        order: Json = self.gateway.get(f"/orders/{segment(order_id)}")
        return order

    def cancel(self, order_id: str, reason: str) -> Json:
        return self._post(order_id, "cancellation", {"reason": reason}, None)

    def ship(self, order_id: str, body: Json, *, key: str) -> Json:
        """Ship the lines in `body`, everything that is left when it names none."""
        return self._post(order_id, "shipments", body, key)

    def take_back(self, order_id: str, body: Json, *, key: str) -> Json:
        """Record a return; its refund follows."""
        return self._post(order_id, "returns", body, key)

    def _post(self, order_id: str, part: str, body: Json, key: str | None) -> Json:
        answer: Json = self.gateway.send(Call("POST", f"/orders/{segment(order_id)}/{part}", body=body, key=key)).body
        return answer


class Payments(Area):
    def get_payment(self, payment_id: str) -> Json:
        payment: Json = self.gateway.get(f"/payments/{segment(payment_id)}")
        return payment

    def refund(self, payment_id: str, amount: Json, *, reference: str | None, key: str) -> Json:
        body = {"amount": amount} | ({"reference": reference} if reference else {})
        path = f"/payments/{segment(payment_id)}/refunds"
        refund: Json = self.gateway.send(Call("POST", path, body=body, key=key)).body
        return refund


class Products(Area):
    def list_products(self, *, category: str | None = None, cursor: str | None = None) -> Json:
        page: Json = self.gateway.get("/products", category=category, cursor=cursor, limit=PAGE_SIZE)
        return page

    def search(self, text: str, *, category: str | None = None, cursor: str | None = None) -> Json:
        found: Json = self.gateway.get("/search", q=text, category=category, cursor=cursor, limit=PAGE_SIZE)
        return found

    def get_product(self, sku: str) -> Json:
        product: Json = self.gateway.get(f"/products/{segment(sku)}")
        return product

    def create(self, body: Json) -> Json:
        product: Json = self.gateway.send(Call("POST", "/products", body=body)).body
        return product

    def change(self, sku: str, body: Json) -> Json:
        product: Json = self.gateway.send(Call("PATCH", f"/products/{segment(sku)}", body=body)).body
        return product

    def get_inventory(self, sku: str) -> Json:
        inventory: Json = self.gateway.get(f"/inventory/{segment(sku)}")
        return inventory

    def set_on_hand(self, sku: str, on_hand: int | None) -> Json:
        """Set the units on hand; None says that the product is not stocked and never runs out."""
        call = Call("PUT", f"/inventory/{segment(sku)}", body={"on_hand": on_hand})
        inventory: Json = self.gateway.send(call).body
        return inventory


class Imports(Area):
    def upload(self, filename: str, content: bytes) -> Json:
        call = Call("POST", "/products/imports", upload=Upload(filename, content))
        started: Json = self.gateway.send(call).body
        return started

    def get_import(self, import_id: str) -> Json:
        found: Json = self.gateway.get(f"/products/imports/{segment(import_id)}")
        return found


class Companies(Area):
    """Companies, and their names: an order carries only the id, and a name hardly ever changes."""

    @property
    def _names(self) -> dict[str, tuple[str, float]]:
        names: dict[str, tuple[str, float]] = current_app.extensions.setdefault("tradepost_company_names", {})
        return names

    def list_companies(self, *, cursor: str | None = None, reference: str | None = None) -> Json:
        page: Json = self.gateway.get("/companies", cursor=cursor, reference=reference, limit=PAGE_SIZE)
        for company in page["items"]:
            self._remember(company["id"], company["name"])
        return page

    def get_company(self, company_id: str) -> Json:
        company: Json = self.gateway.get(f"/companies/{segment(company_id)}")
        self._remember(company_id, company["name"])
        return company

    def create(self, name: str, reference: str | None) -> tuple[Json, bool]:
        """Return the company and whether it is new; a known reference gives the company there is."""
        body = {"name": name} | ({"reference": reference} if reference else {})
        reply = self.gateway.send(Call("POST", "/companies", body=body))
        return reply.body, reply.status == 201

    def names(self, company_ids: Iterable[str]) -> dict[str, str]:
        """Return the names of a page's companies, the id itself for one that cannot be read."""
        return {company_id: self._name(company_id) for company_id in set(company_ids)}

    def _name(self, company_id: str) -> str:
        name, known_until = self._names.get(company_id, ("", 0.0))
        if known_until > time.monotonic():
            return name
        try:
            return str(self.get_company(company_id)["name"])
        except UpstreamRefused:
            return company_id

    def _remember(self, company_id: str, name: str) -> None:
        if len(self._names) >= MOST_NAMES:
            self._names.clear()
        self._names[company_id] = (name, time.monotonic() + NAME_SECONDS)


class People(Area):
    """Who is invited; an answer that makes a link carries its token, this once."""

    def list_invitations(self, *, cursor: str | None = None) -> Json:
        page: Json = self.gateway.get("/invitations", cursor=cursor, limit=PAGE_SIZE)
        return page

    def invite(self, body: Json) -> Json:
        issued: Json = self.gateway.send(Call("POST", "/invitations", body=body)).body
        return issued

    def renew(self, user_id: str) -> Json:
        issued: Json = self.gateway.send(Call("POST", f"/invitations/{segment(user_id)}/renewal", body={})).body
        return issued

    def withdraw(self, user_id: str) -> None:
        self.gateway.send(Call("DELETE", f"/invitations/{segment(user_id)}"))


orders = Orders()
payments = Payments()
products = Products()
imports = Imports()
companies = Companies()
people = People()
