"""Example bodies of sign-in and sessions in the API's document."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

ACCESS_TOKEN = "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6IjEifQ.eyJzdWIiOiJ1c3JfMDFrM3Y4In0.c2lnbmF0dXJl"
REFRESH_TOKEN = "rt_6Tq1vYb8Lr3Xc0Nf5Jd7Gh2Kw4Mz9Ps_Aa8KeUiOp4S"
DEVICE_TOKEN = "dev_9Zx2Cv4Bn6Mq8Wk1Ej3Rt5Yu7Io0Pa-Sd2Fg4Hj6Kl8"
CREDENTIALS: Json = {"email": "jo.marsh@acme.example", "password": "seven brass kettles", "remember_device": True}
REFRESH: Json = {"refresh_token": REFRESH_TOKEN}
RENEWED: Json = {
    "access_token": ACCESS_TOKEN,
    "refresh_token": REFRESH_TOKEN,
    "token_type": "Bearer",
    "expires_in": 600,
    "device_token": None,
}
TOKENS: Json = RENEWED | {"device_token": DEVICE_TOKEN}
ACTING: Json = {"company_id": "cmp_01k3v8h2m4n6p8q0r2s4t6v8w0", "reason": "Order by telephone, 28 November"}
ACTING_TOKEN: Json = {
    "access_token": ACCESS_TOKEN,
    "token_type": "Bearer",
    "expires_in": 600,
    "company_id": "cmp_01k3v8h2m4n6p8q0r2s4t6v8w0",
}
