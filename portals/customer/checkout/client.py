"""Card pages and placing at the gateway, and the checkout attempts of this session."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from flask import current_app, session

from portals.customer.orders.client import Order
from shared.portal.answers import Answer, Price
from shared.portal.ciphers import cipher
from shared.portal.gateway import Area, Call

MOST_OPEN = 5
CARRIED_SECONDS = 8 * 3600
PURPOSE = b"tradepost checkout"
NOTHING_TO_PAY = ""


class CardPage(Answer, frozen=True, kw_only=True):
    url: str


class Shortage(msgspec.Struct, frozen=True):
    """A product of which fewer units are available than requested."""

    sku: str
    requested: int
    available: int


@dataclass(frozen=True)
class Placement:
    """An order and whether its payment is decided."""

    order: Order
    is_decided: bool


class Checkout(Area):
    def open_card_page(self, return_url: str) -> str:
        """Return the address of the card processor's page, which sends the buyer back to `return_url`."""
        call = Call("POST", "/payments/sessions", body={"return_url": return_url})
        return self.gateway.send(call).read(CardPage).url

    def place_cart(self, attempt: Attempt) -> Placement:
        """Place the cart at the total that the buyer saw; an attempt never places a second order."""
        body: dict[str, object] = {"payment": {"method": "card", "token": attempt.token}} if attempt.token else {}
        if attempt.po_number:
            body["po_number"] = attempt.po_number
        if attempt.expected is not None:
            body["expected_total"] = attempt.expected
        reply = self.gateway.send(Call("POST", "/orders", body=body, key=attempt.id))
        return Placement(reply.read(Order), is_decided=reply.status != 202)


@dataclass(frozen=True)
class Attempt:
    """
    One attempt to check out; `id` is the Idempotency-Key of its order.

    `reviewed` is the fingerprint of the cart the buyer saw, `total_amount` and `currency` what it cost;
    `token` is None until the card page gave one, and `NOTHING_TO_PAY` for a free order.
    """

    id: str
    po_number: str
    reviewed: str
    token: str | None = None
    total_amount: int | None = None
    currency: str = ""

    @property
    def expected(self) -> Price | None:
        """The total that the buyer saw; None for an attempt that an older version stored."""
        return None if self.total_amount is None else Price(self.total_amount, self.currency)

    def with_token(self, token: str) -> Attempt:
        return replace(self, token=token)

    def at_total(self, total: Price) -> Attempt:
        """Return the attempt at a total that the buyer has accepted."""
        token = self.token if total.amount else NOTHING_TO_PAY
        return replace(self, token=token, total_amount=int(total.amount), currency=total.currency)


def find_attempt(attempt_id: str) -> Attempt | None:
    stored = session.get("checkouts", {}).get(attempt_id)
    return Attempt(**stored) if stored else None


def keep_attempt(attempt: Attempt) -> None:
    """Store an attempt in the session; the oldest of more than five is dropped."""
    others = {key: value for key, value in session.get("checkouts", {}).items() if key != attempt.id}
    kept = dict(list(others.items())[-(MOST_OPEN - 1) :])
    session["checkouts"] = kept | {attempt.id: asdict(attempt)}


def drop_attempt(attempt_id: str) -> None:
    session["checkouts"] = {key: value for key, value in session.get("checkouts", {}).items() if key != attempt_id}


class Carried(msgspec.Struct, frozen=True):
    """What the address of the way back carries of an attempt, for a buyer whose session is lost on the card page."""

    user_id: str
    po_number: str
    units: str

    def is_of(self, user_id: str, units: str) -> bool:
        """Return whether the same person has these units in the cart: they were not ordered in the meantime."""
        return (self.user_id, self.units) == (user_id, units)


def encrypt_carried(carried: Carried) -> str:
    return _cipher().encrypt(msgspec.json.encode(carried)).decode()


def decrypt_carried(text: str) -> Carried | None:
    """Return what an address of ours carries, None for one that is older than eight hours or not ours."""
    try:
        return msgspec.json.decode(_cipher().decrypt(text, ttl=CARRIED_SECONDS), type=Carried)
    except (InvalidToken, msgspec.MsgspecError):
        return None


def _cipher() -> Fernet:
    return cipher(current_app.extensions["tradepost_settings"].service_secret, PURPOSE)


checkout = Checkout()
