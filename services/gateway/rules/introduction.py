"""The introduction of the published OpenAPI document, in Markdown."""

from __future__ import annotations

TEXT = """\
The API of one Tradepost installation: a merchant sells to companies. Buyers order for their company, the merchant's
staff keeps products and stock, ships and takes returns.

## Authentication

`POST /api/v1/auth/login` with an e-mail address and a password answers an access token (ten minutes) and a refresh
token. Send `Authorization: Bearer <access token>` with every request, and get a new access token in time by
`POST /api/v1/auth/refresh`; a refresh token works once. An operation that needs a permission names it in
`x-permission`. Staff with `companies:act` order for a company with a token of `POST /api/v1/auth/acting-tokens`.

## Idempotency

Placing, shipping, returning and refunding need the header `Idempotency-Key`, a new value for each thing to be
done. Send a request again with the same key and body when its answer was lost: within 24 hours it gets the first
answer, with `Idempotent-Replayed: true`, and nothing is done twice. Answers of 5xx are not kept. Many bodies also
take a `reference` of your own, which is unique without a limit of time.

## Versions of a resource

Answers to `GET` of a single resource carry an `ETag`. Send it in `If-None-Match` to get 304 without a body while
nothing has changed. Send it in `If-Match` with what changes the resource, and nothing is done at another state: the
answer is 412. Without `If-Match` any state is changed. Orders that reserve stock meanwhile make no tag stale.

## Money

Amounts are in minor units of their ISO 4217 currency: `1234` with `GBP` is 12.34 GBP, `500` with `JPY` is 500 JPY.
`Money` has a whole amount. `UnitPrice` has a decimal amount, as a string: `"25.5"` with `GBP` is 0.255 GBP. A line's
total is rounded half to even once, to a whole minor unit.

## Pages

Lists answer `items`, `next_cursor` and `previous_cursor`. Send one as `cursor`, with the same filters and order, for
the page beside; it is null where there is none. `Link` has the same as queries (RFC 8288). A cursor is opaque; another
list, or the same with other filters, refuses it (422). `with_total=true` counts the list, up to 10,000.

## What changed since

Lists with `updated_after` show what was changed at that moment or later, in the order of the changes. Read all pages,
keep `updated_until` of the first one, and begin the next run with it. What changes meanwhile is listed again.

## Strictness

Query parameters, fields and parts of forms that an operation does not have are refused (422), and so is a key that is
given twice in an object (400).

## Errors

Every refusal is a problem document (`application/problem+json`, RFC 9457). Compare `type`, and show `title` and
`detail` to people. `errors` points to each invalid field. Each operation lists the types that it answers; a type may
be added, and leads to a page that says what to do (`/docs/problems`). `request_id` is what to name when you ask for
help.

## Limits

Calls are counted per person, and those without a token per network. `RateLimit-Policy` and `RateLimit` say how many
calls are left; above the limit the answer is 429 with `Retry-After`. A body above the limit of its operation is 413.
Each operation has a deadline: 503 and 504 carry `Retry-After`, and a request with an `Idempotency-Key` may be sent
again.

## Versions

The version is part of the address. Within `v1`, operations, fields of answers, optional fields of requests, values of
enumerations and types of problems may be added: ignore what you do not know. Nothing is removed or changes its
meaning.
"""
