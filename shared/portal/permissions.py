"""What the person who is signed in may do: pages show no action that the API would refuse."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, abort, session

View = TypeVar("View", bound=Callable[..., Any])


def may(permission: str) -> bool:
    """Return whether the person holds a permission of the API (`orders:ship`), as its routes check it."""
    held = (session.get("viewer") or {}).get("permissions", ())
    return permission in held or f"{permission}:any" in held


def needs(*permissions: str) -> Callable[[View], View]:
    """Answer 403 to a person who lacks one of the permissions, before a form is shown that the API would refuse."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not all(map(may, permissions)):
                abort(403)
            return view(*args, **kwargs)

        return cast(View, guarded)

    return decorate


def register_permissions(app: Flask) -> None:
    app.jinja_env.globals["may"] = may
