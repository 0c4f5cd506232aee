"""Example bodies of the signing keys in the API's document."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

KEYS: Json = {
    "keys": [
        {
            "kty": "EC",
            "crv": "P-256",
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
            "kid": "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s",
            "alg": "ES256",
            "use": "sig",
        }
    ]
}
