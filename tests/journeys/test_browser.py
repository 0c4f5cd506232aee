"""The main job in a real browser: from a product file to a paid, shipped order, in both portals."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import FilePayload

from tests.journeys.conftest import Addresses, Person

pytestmark = pytest.mark.browser

BUYER = "buyer@acme.example"
STAFF = "admin@tradepost.example"
CARD = "4242 4242 4242 4242"
DECLINED_CARD = "4000 0000 0000 0002"
STOCK = 40
BOUGHT = 12


@dataclass(frozen=True)
class Novelty:
    """A product that no earlier run knows."""

    sku: str
    name: str

    def file(self) -> bytes:
        """Return a product file: this product, and a row that cannot be right."""
        head = "sku,name,description,category,unit_price,currency,stock,breaks"
        row = f"{self.sku},{self.name},Brass and glass,Lighting,9.95,GBP,{STOCK},{BOUGHT}:8.50"
        return "\r\n".join([head, row, f"{self.sku}-BAD,Broken,,Lighting,cheap,GBP,1,", ""]).encode()


@pytest.fixture
def novelty() -> Novelty:
    mark = secrets.token_hex(3).upper()
    return Novelty(f"LANTERN-{mark}", f"Harbour lantern {mark}")


@pytest.fixture
def staff(make_person: Callable[..., Person], addresses: Addresses) -> Person:
    person = make_person()
    person.sign_in(addresses.admin, STAFF)
    return person


@pytest.fixture
def buyer(make_person: Callable[..., Person], addresses: Addresses) -> Person:
    person = make_person()
    person.sign_in(addresses.customer, BUYER)
    empty_cart(person, addresses)
    return person


def empty_cart(buyer: Person, addresses: Addresses) -> None:
    """Another run, or a person, may have left lines behind."""
    buyer.page.goto(f"{addresses.customer}/cart")
    while (remove := buyer.page.get_by_role("button", name=re.compile("^Remove "))).count():
        with buyer.page.expect_navigation():
            remove.first.click()


def import_file(staff: Person, addresses: Addresses, novelty: Novelty) -> None:
    page = staff.page
    page.goto(f"{addresses.admin}/imports")
    upload: FilePayload = {"name": "lanterns.csv", "mimeType": "text/csv", "buffer": novelty.file()}
    page.get_by_label("CSV or XLSX file").set_input_files(upload)
    with page.expect_navigation():  # a reload before the answer would take the upload back
        page.get_by_role("button", name="Import").click()
    staff.reload_until("Finished")


def find_by_search(buyer: Person, addresses: Addresses, novelty: Novelty) -> None:
    """Type into the search field until the product is suggested (the index follows in a moment), and choose it."""
    page = buyer.page
    page.goto(addresses.customer)
    field = page.get_by_role("combobox", name="Search products")
    option = page.get_by_role("option", name=re.compile(novelty.sku))
    for _ in range(40):
        field.fill("")
        field.press_sequentially(novelty.name[:-2], delay=5)
        page.wait_for_timeout(500)
        if option.count():
            break
    field.press("ArrowDown")
    field.press("Enter")
    page.get_by_role("heading", name=novelty.name, level=1).wait_for()


def put_into_cart(buyer: Person, novelty: Novelty, quantity: int) -> None:
    buyer.page.get_by_label(f"Quantity of {novelty.sku}").fill(str(quantity))
    buyer.page.get_by_role("button", name="to the cart").click()
    buyer.page.get_by_role("link", name="Go to the cart").click()


def pay(buyer: Person, card: str, po_number: str) -> str:
    """Check out with this card; return the address the card page came back to."""
    page = buyer.page
    page.get_by_role("button", name="Check out").click()
    page.get_by_label("PO number").fill(po_number)
    buyer.picture("checkout")
    page.get_by_role("button", name="Pay by card").click()
    return enter_card(buyer, card)


def enter_card(buyer: Person, card: str) -> str:
    page = buyer.page
    page.get_by_label("Card number").fill(card)
    page.get_by_label("Expiry date").fill("12/34")
    page.get_by_label("CVC").fill("123")
    buyer.picture("card")
    with page.expect_request(re.compile(r"/return\?.*token=")) as coming_back:
        page.get_by_role("button", name="Use this card").click()
    return coming_back.value.url


class TestMainJob:
    def test_from_the_product_file_to_the_shipped_order(
        self,
        staff: Person,
        buyer: Person,
        make_person: Callable[..., Person],
        addresses: Addresses,
        novelty: Novelty,
    ):
        import_file(staff, addresses, novelty)
        assert "unit_price" in staff.page.inner_text("table")
        staff.picture("import")

        find_by_search(buyer, addresses, novelty)
        buyer.picture("product")
        put_into_cart(buyer, novelty, BOUGHT)
        buyer.picture("cart")
        assert "£102.00" in buyer.page.inner_text("main")
        number = self.placed_once(buyer, came_back_to=pay(buyer, CARD, "PO-JOURNEY"))
        self.stock_fell(staff, addresses, novelty)
        self.mail_came(make_person(), addresses, number)
        self.shipped_and_captured(staff, addresses, number)
        buyer.reload_until("Charged to your card\n£102.00")
        assert "Shipped" in buyer.page.inner_text("main")
        buyer.picture("customer-order")
        assert buyer.complaints == []
        assert staff.complaints == []

    def placed_once(self, buyer: Person, *, came_back_to: str) -> str:
        """The order is there, and is the same when the address that placed it is opened once more."""
        page = buyer.page
        heading = page.get_by_role("heading", name=re.compile(r"Order SO-\d+"), level=1)
        number = heading.inner_text().removeprefix("Order ")
        assert "PO-JOURNEY" in page.inner_text("main")
        page.goto(came_back_to)
        assert heading.inner_text() == f"Order {number}"
        return number

    def stock_fell(self, staff: Person, addresses: Addresses, novelty: Novelty) -> None:
        staff.page.goto(f"{addresses.admin}/products/{novelty.sku}")
        stock = staff.page.get_by_role("region", name="Stock").inner_text()
        assert f"Reserved for orders\n{BOUGHT}" in stock
        assert f"Available\n{STOCK - BOUGHT}" in stock

    def mail_came(self, reader: Person, addresses: Addresses, number: str) -> None:
        reader.page.goto(f"{addresses.mailbox}/?to={BUYER}")
        reader.reload_until(number)
        reader.picture("mailbox")

    def shipped_and_captured(self, staff: Person, addresses: Addresses, number: str) -> None:
        page = staff.page
        page.goto(f"{addresses.admin}/orders")
        page.get_by_role("link", name=number).click()
        staff.picture("admin-order")
        page.get_by_label("Shipment reference").fill("DHL 4711")
        page.get_by_role("button", name="Ship all that is left").click()
        page.get_by_role("button", name="Yes, ship").click()
        page.get_by_text("The payment is captured in a moment").wait_for()
        staff.reload_until("Captured\n£102.00")
        assert "DHL 4711" in page.inner_text("main")


class TestReturn:
    def test_refunds_a_return_and_what_staff_adds(
        self,
        staff: Person,
        buyer: Person,
        make_person: Callable[..., Person],
        addresses: Addresses,
        novelty: Novelty,
    ):
        import_file(staff, addresses, novelty)
        find_by_search(buyer, addresses, novelty)
        put_into_cart(buyer, novelty, 2)
        pay(buyer, CARD, "PO-RETURN")
        heading = buyer.page.get_by_role("heading", name=re.compile(r"Order SO-\d+"), level=1)
        number = heading.inner_text().removeprefix("Order ")

        self.ship(staff, addresses, number)
        self.record_return(staff, novelty)
        self.refund_without_return(staff)

        buyer.reload_until("Refunded\n£10.95")
        assert "1 unit returned" in buyer.page.inner_text("main")
        reader = make_person()
        reader.page.goto(f"{addresses.mailbox}/?to={BUYER}")
        reader.reload_until(f"Return received: order {number}")
        assert buyer.complaints == []
        assert staff.complaints == []

    def ship(self, staff: Person, addresses: Addresses, number: str) -> None:
        staff.page.goto(f"{addresses.admin}/orders")
        staff.page.get_by_role("link", name=number).click()
        with staff.page.expect_navigation():
            staff.page.get_by_role("button", name="Ship all that is left").click()
        with staff.page.expect_navigation():
            staff.page.get_by_role("button", name="Yes, ship").click()
        staff.reload_until("Captured\n£19.90")

    def record_return(self, staff: Person, novelty: Novelty) -> None:
        """One of two units came back; without an amount its paid share is refunded."""
        page = staff.page
        page.get_by_text("Record a return").click()
        page.get_by_label(re.compile(f"Units of {novelty.sku} .* that came back")).fill("1")
        with page.expect_navigation():
            page.get_by_role("button", name="Record return and refund").click()
        assert "£9.95 is refunded to the buyer's card" in page.inner_text("main")
        with page.expect_navigation():
            page.get_by_role("button", name="Yes, record the return").click()
        staff.reload_until("Refunded\n£9.95")
        staff.picture("admin-return")

    def refund_without_return(self, staff: Person) -> None:
        page = staff.page
        page.get_by_text("Refund without a return").click()
        page.get_by_label("Amount in GBP").fill("1.00")
        with page.expect_navigation():
            page.get_by_role("button", name="Refund", exact=True).click()
        with page.expect_navigation():
            page.get_by_role("button", name="Yes, refund £1.00").click()
        staff.reload_until("Refunded\n£10.95")


class TestDeclinedCard:
    def test_leads_on_to_another_card(self, staff: Person, buyer: Person, addresses: Addresses, novelty: Novelty):
        import_file(staff, addresses, novelty)
        find_by_search(buyer, addresses, novelty)
        put_into_cart(buyer, novelty, 1)
        pay(buyer, DECLINED_CARD, "PO-DECLINED")
        assert "Nothing was ordered" in buyer.page.inner_text("main")

        assert "Use another card" in buyer.page.inner_text("main")

        buyer.page.get_by_role("button", name="Try another card").click()
        enter_card(buyer, CARD)

        assert buyer.page.get_by_role("heading", level=1).inner_text().startswith("Order SO-")
        assert "PO-DECLINED" in buyer.page.inner_text("main")


class TestEveryBrowser:
    def test_pages_fit_a_phone(self, make_person: Callable[..., Person], addresses: Addresses):
        buyer, staff = make_person(width=375), make_person(width=375)
        buyer.sign_in(addresses.customer, BUYER)
        staff.sign_in(addresses.admin, STAFF)

        for person, base, paths in (
            (buyer, addresses.customer, ("/", "/catalog", "/cart", "/orders", "/notifications", "/account")),
            (staff, addresses.admin, ("/", "/orders", "/products", "/imports", "/companies")),
        ):
            for path in paths:
                person.page.goto(base + path)
                assert (path, person.overflow()) == (path, 0)

    def test_buying_works_without_scripts(
        self, make_person: Callable[..., Person], staff: Person, addresses: Addresses, novelty: Novelty
    ):
        import_file(staff, addresses, novelty)
        buyer = make_person(scripts=False)
        buyer.sign_in(addresses.customer, BUYER)
        empty_cart(buyer, addresses)

        buyer.page.goto(f"{addresses.customer}/catalog?q={novelty.sku}")
        buyer.reload_until(novelty.name)
        buyer.page.get_by_role("button", name=re.compile("^Add ")).first.click()
        buyer.page.get_by_role("link", name="Go to the cart").click()
        buyer.page.get_by_role("button", name="Check out").click()

        buyer.page.get_by_role("button", name=re.compile("Pay by card|Place order")).wait_for()
        empty_cart(buyer, addresses)

    def test_everything_can_be_reached_by_keyboard(self, make_person: Callable[..., Person], addresses: Addresses):
        buyer = make_person()
        buyer.sign_in(addresses.customer, BUYER)
        buyer.page.goto(f"{addresses.customer}/catalog")

        buyer.page.keyboard.press("Tab")
        assert buyer.page.evaluate("document.activeElement.textContent") == "Skip to content"
        buyer.page.keyboard.press("Enter")
        buyer.page.keyboard.press("Tab")

        assert buyer.page.evaluate("document.querySelector('main').contains(document.activeElement)")
