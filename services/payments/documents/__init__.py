"""What the service keeps in MongoDB."""

from services.payments.documents.cancelled_order import CancelledOrder
from services.payments.documents.payment import Payment, Transaction, due_payments

__all__ = ["CancelledOrder", "Payment", "Transaction", "due_payments"]
