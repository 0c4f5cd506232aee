"""Stored companies, roles and people of a shape that cannot be read take no list and no sign-in with them."""

from __future__ import annotations

import pytest

from services.users.companies.documents import Company
from services.users.people.documents import Role, User
from services.users.people.operations import list_contacts
from tests.factories.users import make_company, make_user


class TestRoles:
    @pytest.mark.parametrize("change", [{"$unset": {"permissions": ""}}, {"$set": {"permissions": "orders:read"}}])
    def test_without_a_list_of_permissions_allow_nothing_and_keep_no_person_out(self, users, sign_in, change):
        with users.app_context():
            person = make_user(roles=["buyer", "odd"])
            Role._get_collection().insert_one({"_id": "odd", "permissions": []})
            Role._get_collection().update_one({"_id": "odd"}, change)

            assert "orders:write" in Role.permissions_of(person.roles)
            assert Role.find_all(["odd", "none"]) == {"odd": [], "none": None}

    def test_that_were_emptied_are_read(self, users):
        with users.app_context():
            role = Role(id="odd", permissions=["orders:read"]).save()
            role.permissions = []
            role.save()

            assert Role.permissions_of(["odd"]) == set()


class TestCompanies:
    @pytest.mark.parametrize(
        "change", [{"name": ["a"]}, {"name": None}, {"created_at": "x"}, {"reference": 7}], ids=str
    )
    def test_that_cannot_be_read_are_left_out_of_the_list(self, users, api, change):
        with users.app_context():
            first, broken, last = make_company(), make_company(), make_company()
            Company.collection().update_one({"_id": broken.id}, {"$set": change})

            answer = api(users, role="merchant_admin").get("/v1/companies")

        assert answer.status_code == 200
        assert [each["id"] for each in answer.json["items"]] == [first.id, last.id]


class TestContacts:
    def test_leave_out_a_person_who_cannot_be_read(self, users):
        with users.app_context():
            company = make_company()
            good, broken = (make_user(company_id=company.id) for _ in range(2))
            [stored] = User.collection().find({"_id": broken.id})
            User.collection().update_one({"_id": broken.id}, {"$set": {"email": stored["email"][:-1]}})

            assert [each.user_id for each in list_contacts(company.id).items] == [good.id]
