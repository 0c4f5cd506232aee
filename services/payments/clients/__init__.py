"""The outside world as payments sees it: one card processor, chosen by PSP_BACKEND."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module

from services.payments.clients.processor import CardProcessor, Charge
from services.payments.config import PaymentsSettings
from services.payments.transactions.rules import TransactionKind
from shared.base import deadline
from shared.web.service import current_clients

# Loaded by name, so that an installation imports the adapter it uses and no other.
BACKENDS = {"sandbox": "services.payments.clients.sandbox", "none": "services.payments.clients.none"}
# Kept back from the caller's deadline, so that the outcome is recorded and answered before the caller's timeout.
RECORDING_SECONDS = 0.3
DEFAULT_SECONDS = 10.0


@dataclass(frozen=True)
class Clients:
    """
    What operations reach outside this service.

    Its calls of the processor time out a little before the request does, since their outcome is to be recorded.
    """

    processor: CardProcessor

    @classmethod
    def build(cls, settings: PaymentsSettings) -> Clients:
        adapter = import_module(BACKENDS[settings.psp_backend])
        return cls(processor=adapter.build_processor(settings))

    def charge(self, token: str, *, amount: int, currency: str, order_id: str, key: str) -> Charge:
        """Authorise an amount on a card token."""
        with _time_to_record():
            return self.processor.charge(token, amount=amount, currency=currency, order_id=order_id, key=key)

    def find_charge(self, key: str) -> Charge | None:
        """Return the charge of this key, None if there never was one."""
        with _time_to_record():
            return self.processor.find_charge(key)

    def carry_out(self, kind: TransactionKind, charge_id: str, amount: int, *, key: str) -> str:
        """Capture, refund, void or release; return the processor's id of it."""
        with _time_to_record():
            if kind == TransactionKind.VOID:
                return self.processor.void(charge_id, key=key)
            calls = {
                TransactionKind.CAPTURE: self.processor.capture,
                TransactionKind.REFUND: self.processor.refund,
                TransactionKind.RELEASE: self.processor.release,
            }
            return calls[kind](charge_id, amount, key=key)


def clients() -> Clients:
    """Return the clients of the application at work."""
    return current_clients(Clients)


@contextmanager
def _time_to_record() -> Iterator[None]:
    with deadline.start(max(0.0, deadline.remaining(DEFAULT_SECONDS) - RECORDING_SECONDS)):
        yield
