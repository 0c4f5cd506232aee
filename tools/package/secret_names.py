"""The secrets that exist in an environment: what the job `bootstrap` makes, by the names manifests use."""

from __future__ import annotations

DATABASE_USERS = ("users", "products", "orders", "payments", "search", "notifications")
KEEPERS_OF_A_SERVICE_SECRET = (*DATABASE_USERS, "gateway", "admin", "customer", "psp-sandbox")

MADE_BY_BOOTSTRAP = frozenset(
    {f"{service}/MONGODB_URI" for service in DATABASE_USERS}
    | {f"{service}/SERVICE_SECRET" for service in KEEPERS_OF_A_SERVICE_SECRET}
    | {"users/SERVICE_SECRET_HASHES", "users/SIGNING_KEY"}
    | {"payments/PSP_API_KEY", "payments/PSP_WEBHOOK_SECRET"}
)


def full_name(name: str) -> str:
    """Return a secret's name as a manifest writes it."""
    return f"tradepost/${{COPILOT_ENVIRONMENT_NAME}}/{name}"
