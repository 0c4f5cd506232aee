"""People at rest: encrypted, found by a blind index, and sealed where an older version stored them plain."""

from __future__ import annotations

from typing import Any

import pytest
from mongoengine.errors import NotUniqueError

from services.users.documents import AuditEntry, LoginFailures, User
from shared.encryption import is_sealed
from tests.factories.users import PASSWORD, make_user


def raw(user: User) -> dict[str, Any]:
    stored = User.collection().find_one({"_id": user.id})
    assert stored is not None
    return stored


def found(email: str) -> User:
    user = User.find_by_email(email)
    assert user is not None
    return user


@pytest.fixture(autouse=True)
def _running(users):
    """Every test here needs the service's database."""


class TestUser:
    def test_is_stored_without_name_and_address(self):
        stored = raw(make_user(email="ann@acme.example", name="Ann Acme"))

        assert is_sealed(stored["email"])
        assert is_sealed(stored["name"])
        assert "ann" not in stored["email_index"]

    @pytest.mark.parametrize("spelling", ["ann@acme.example", "  ANN@Acme.example "])
    def test_is_found_by_any_spelling_of_the_address(self, spelling):
        ann = make_user(email="ann@acme.example")

        assert found(spelling).id == ann.id
        assert User.find_by_email("an@acme.example") is None

    def test_is_the_only_one_with_the_address(self):
        make_user(email="ann@acme.example")

        with pytest.raises(NotUniqueError):
            make_user(email="Ann@acme.example")

    def test_follows_a_change_of_address(self):
        ann = make_user(email="ann@acme.example")
        ann.email = "ann@globex.example"
        ann.commit()

        assert User.find_by_email("ann@acme.example") is None
        assert found("ann@globex.example").id == ann.id


class TestPeopleFromBefore:
    @pytest.fixture
    def old(self):
        """A person and the unique index as a version without encryption left them."""
        ann = make_user(email="ann@acme.example", name="Ann Acme")
        User.collection().update_one(
            {"_id": ann.id}, {"$set": {"email": "ann@acme.example", "name": "Ann Acme"}, "$unset": {"email_index": ""}}
        )
        User.collection().create_index("email", unique=True)
        return ann

    def test_are_sealed_when_the_service_starts(self, old, make_users):
        make_users()

        assert is_sealed(raw(old)["email"])
        assert is_sealed(raw(old)["name"])
        assert found("ann@acme.example").name == "Ann Acme"
        assert "email_1" not in User.collection().index_information()

    def test_can_sign_in_then(self, old, make_users):
        client = make_users().test_client()

        response = client.post("/v1/auth/login", json={"email": "ann@acme.example", "password": PASSWORD})
        assert response.status_code == 200

    def test_are_left_alone_by_the_next_start(self, old, make_users):
        make_users()

        assert User.seal_plain() == 0


class TestSignIns:
    def test_leave_no_address_behind(self, client):
        client.post(
            "/v1/auth/login",
            json={"email": "ann@acme.example", "password": "wrong"},
            headers={"X-Forwarded-For": "203.0.113.9"},
        )

        (entry,) = AuditEntry._get_collection().find({})
        assert is_sealed(entry["address"])
        assert AuditEntry.objects.first().address == "203.0.113.9"
        assert LoginFailures.objects.count() == 2
