"""People at rest: encrypted, found by a blind index, and sealed where an older version stored them plain."""

from __future__ import annotations

from typing import Any

import pytest
from mongoengine.errors import NotUniqueError

from services.users.audit.documents import AuditEntry
from services.users.migrations import MIGRATIONS, PEOPLE_PER_BATCH, seal_people
from services.users.people.documents import User
from services.users.sessions.documents import LoginFailures
from shared.base.ids import new_id
from shared.data.encryption import is_encrypted
from shared.data.migrations import migrate
from shared.data.persistence import database
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

        assert is_encrypted(stored["email"])
        assert is_encrypted(stored["name"])
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

    def test_are_sealed_by_the_migration(self, old):
        assert "seal_people" in migrate("users", MIGRATIONS)

        assert is_encrypted(raw(old)["email"])
        assert is_encrypted(raw(old)["name"])
        assert found("ann@acme.example").name == "Ann Acme"
        assert "email_1" not in User.collection().index_information()

    def test_can_sign_in_then(self, old, client):
        migrate("users", MIGRATIONS)

        response = client.post("/v1/auth/login", json={"email": "Ann@acme.example", "password": PASSWORD})
        assert response.status_code == 200

    def test_are_all_found_in_however_many_batches_they_come(self, old):
        plain = raw(old)
        others = [f"buyer{number}@acme.example" for number in range(2 * PEOPLE_PER_BATCH)]
        User.collection().insert_many([plain | {"_id": new_id("usr"), "email": email} for email in others])

        migrate("users", MIGRATIONS)

        assert User.collection().count_documents({"email_index": None}) == 0
        assert found(others[-1]).email == others[-1]

    def test_are_taken_up_again_where_a_killed_run_stopped(self, old):
        batches = seal_people(database("users"))
        bob = make_user(email="bob@acme.example")
        next(batches)
        before = raw(old)

        migrate("users", MIGRATIONS)

        assert raw(old) == before
        assert found("bob@acme.example").id == bob.id

    def test_keep_what_a_person_wrote_while_they_were_sealed(self, old):
        class Meanwhile:
            """The database, in which Ann marries between the migration's read and its write."""

            def __getitem__(self, name: str) -> Any:
                return self

            def __getattr__(self, name: str) -> Any:
                return getattr(User.collection(), name)

            def bulk_write(self, *args: Any, **options: Any) -> None:
                ann = User.get(old.id)
                ann.name = "Ann Globex"
                ann.commit()
                User.collection().bulk_write(*args, **options)

        meanwhile: Any = Meanwhile()
        list(seal_people(meanwhile))

        assert found("ann@acme.example").name == "Ann Globex"

    def test_are_no_business_of_a_start(self, old, make_users):
        make_users()

        assert raw(old)["email"] == "ann@acme.example"


class TestSignIns:
    def test_leave_no_address_behind(self, client):
        client.post(
            "/v1/auth/login",
            json={"email": "ann@acme.example", "password": "wrong"},
            headers={"X-Forwarded-For": "203.0.113.9"},
        )

        (entry,) = AuditEntry._get_collection().find({})
        assert is_encrypted(entry["address"])
        assert AuditEntry.objects.get().address == "203.0.113.9"
        assert LoginFailures.objects.count() == 2
