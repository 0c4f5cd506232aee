"""Answers of the gateway's API as typed values: what the pages of both portals share."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every answer: a page declares the fields that it shows, others are ignored."""


class Tagged(Answer, frozen=True, kw_only=True):
    """A single resource; `tag` is its ETag."""

    tag: str = ""


class Price(msgspec.Struct, frozen=True):
    """Money in minor units; a unit price has its amount as text, which may have decimals of the minor unit."""

    amount: int | str
    currency: str


class Page(Answer, Generic[T], frozen=True, kw_only=True):
    """
    Some items of a list, and the cursors of the pages beside it.

    `position` is the place of the first item in the list, from 1; `total` is None when it was not asked for.
    """

    items: list[T]
    next_cursor: str | None = None
    previous_cursor: str | None = None
    position: int = 1
    total: int | None = None
    is_total_exact: bool | None = None


class CompanyName(Answer, frozen=True, kw_only=True):
    id: str
    name: str


class Viewer(Answer, frozen=True, kw_only=True):
    """Who is signed in; `company` is None for the merchant's staff."""

    id: str
    name: str
    email: str
    company: CompanyName | None = None
    roles: list[str] = []
    permissions: list[str] = []


class Grant(Answer, frozen=True, kw_only=True):
    """The tokens of a sign-in; `expires_in` is in seconds, `device_token` makes the browser known at the next one."""

    access_token: str
    refresh_token: str
    expires_in: int
    device_token: str | None = None
