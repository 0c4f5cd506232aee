"""Companies: created once per reference, seen by their own people and by staff."""

from __future__ import annotations

import threading

import pytest

from services.users.companies.documents import Company
from services.users.migrations import MIGRATIONS
from shared.data.migrations import migrate
from shared.data.text_search import begins_with
from tests.factories.users import make_company


@pytest.fixture
def admin(api, users):
    return api(users, role="merchant_admin")


@pytest.fixture
def buyer_of(api, users):
    return lambda company: api(users, role="buyer", company_id=company.id)


class TestCreate:
    def test_is_created(self, admin):
        response = admin.post("/v1/companies", json={"name": "Acme", "reference": "17850"})

        assert response.status_code == 201
        assert set(response.json) == {"id", "name", "reference", "created_at", "updated_at"}
        assert (response.json["name"], response.json["reference"]) == ("Acme", "17850")

    def test_repeated_reference_returns_the_one_there_is(self, admin):
        first = admin.post("/v1/companies", json={"name": "Acme", "reference": "17850"})
        again = admin.post("/v1/companies", json={"name": "Other", "reference": "17850"})

        assert again.status_code == 200
        assert again.json == first.json

    def test_many_at_once_create_one(self, api, users):
        results = []

        def create():
            client = api(users, role="merchant_admin")
            results.append(client.post("/v1/companies", json={"name": "Acme", "reference": "17850"}))

        threads = [threading.Thread(target=create) for _ in range(6)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

        assert sorted(each.status_code for each in results) == [200] * 5 + [201]
        assert len({each.json["id"] for each in results}) == 1

    def test_companies_without_reference_do_not_collide(self, admin):
        statuses = [admin.post("/v1/companies", json={"name": "Acme"}).status_code for _ in range(2)]

        assert statuses == [201, 201]
        assert admin.post("/v1/companies", json={"name": "Acme", "reference": None}).json["reference"] is None

    def test_key_counts_where_one_is_sent(self, admin):
        first, again = (
            admin.post("/v1/companies", json={"name": "Acme"}, headers={"Idempotency-Key": "key-1"}) for _ in range(2)
        )

        assert again.json == first.json
        assert again.headers["Idempotent-Replayed"] == "true"
        assert Company.objects.count() == 1

    def test_no_key_is_needed(self, users, tokens):
        headers = {"Authorization": f"Bearer {tokens.user('merchant_admin')}"}

        assert users.test_client().post("/v1/companies", json={"name": "Acme"}, headers=headers).status_code == 201

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"name": ""},
            {"name": "   "},
            {"name": {"$ne": ""}},
            {"name": "Acme", "reference": {"$gt": ""}},
            {"name": "Acme", "reference": ""},
            {"name": "Acme", "id": "cmp_mine"},
            {"name": "A\u0000"},
            {"name": "A" * 201},
        ],
    )
    def test_invalid(self, body, admin):
        assert admin.post("/v1/companies", json=body).status_code == 422

    @pytest.mark.parametrize("role", ["buyer", "sales_rep", "acting_rep"])
    def test_others_may_not(self, role, api, users):
        assert api(users, role=role).post("/v1/companies", json={"name": "Acme"}).status_code == 403


class TestRead:
    def test_anothers_is_as_missing_as_none(self, buyer_of):
        own, other = make_company(), make_company()
        buyer = buyer_of(own)

        assert buyer.get(f"/v1/companies/{own.id}").json["id"] == own.id
        theirs, none = buyer.get(f"/v1/companies/{other.id}"), buyer.get("/v1/companies/cmp_none")
        assert theirs.status_code == none.status_code == 404
        assert theirs.json["detail"].replace(other.id, "") == none.json["detail"].replace("cmp_none", "")
        assert theirs.json["type"] == none.json["type"]

    def test_staff_see_all(self, admin):
        company = make_company()

        assert admin.get(f"/v1/companies/{company.id}").json["name"] == company.name


class TestList:
    def test_pages_oldest_first(self, admin):
        made = [make_company(name=f"Company {number}").id for number in range(5)]
        first = admin.get("/v1/companies?limit=3").json
        rest = admin.get(f"/v1/companies?limit=3&cursor={first['next_cursor']}").json

        assert [each["id"] for each in first["items"] + rest["items"]] == made
        assert rest["next_cursor"] is None

    def test_by_reference(self, admin):
        company = make_company(reference="17850")
        make_company(reference="17851")

        assert [each["id"] for each in admin.get("/v1/companies?reference=17850").json["items"]] == [company.id]
        assert admin.get("/v1/companies?reference=none").json["items"] == []

    def test_by_the_beginnings_of_words(self, admin):
        acme, other = make_company(name="Acme Möbel", reference="K-0042"), make_company(name="Globex Moebel")

        for text in ("acme", "MOB acm", "42", "k-0042"):
            found = admin.get("/v1/companies", query_string={"q": text}).json["items"]
            assert [each["id"] for each in found] == [acme.id], text
        assert admin.get("/v1/companies?q=obel").json["items"] == []
        assert admin.get("/v1/companies?q=%C2%B4").json["items"] == []
        assert [each["id"] for each in admin.get("/v1/companies?sort=-created_at&q=m").json["items"]] == [
            other.id,
            acme.id,
        ]

    def test_by_text_is_for_the_own_company(self, buyer_of):
        own = make_company(name="Acme")
        make_company(name="Acme Two")

        assert [each["id"] for each in buyer_of(own).get("/v1/companies?q=acme").json["items"]] == [own.id]

    def test_of_older_versions_are_found_after_the_migration(self, admin):
        company = make_company(name="Acme Möbel")
        Company.collection().update_one({"_id": company.id}, {"$unset": {"search_terms": ""}})
        assert admin.get("/v1/companies?q=acme").json["items"] == []

        migrate("users", MIGRATIONS)

        assert [each["id"] for each in admin.get("/v1/companies?q=mobel").json["items"]] == [company.id]

    def test_by_changes(self, admin):
        first, second = make_company(), make_company()
        since = admin.get(f"/v1/companies/{second.id}").json["updated_at"]

        assert [each["id"] for each in admin.get(f"/v1/companies?updated_after={since}").json["items"]][-1] == second.id
        assert [each["id"] for each in admin.get("/v1/companies?sort=-updated_at").json["items"]] == [
            second.id,
            first.id,
        ]

    def test_are_served_by_indexes(self, users):
        for number in range(30):
            make_company(name=f"Company {number}")
        for query, sort in (
            ({}, [("_id", 1)]),
            ({}, [("updated_at", 1), ("_id", 1)]),
            (begins_with("search_terms", ["compa"]), [("_id", 1)]),
        ):
            plan = str(Company.collection().find(query).sort(sort).limit(21).explain()["queryPlanner"]["winningPlan"])
            assert "COLLSCAN" not in plan

    def test_buyers_see_their_own_only(self, buyer_of):
        own = make_company(reference="1")
        make_company(reference="2")

        assert [each["id"] for each in buyer_of(own).get("/v1/companies").json["items"]] == [own.id]
        assert buyer_of(own).get("/v1/companies?reference=2").json["items"] == []

    def test_operators_in_the_query_reach_nothing(self, buyer_of):
        own, other = make_company(reference="1"), make_company(reference="2")
        for query in ("reference[$ne]=1", f"id={other.id}", f"company_id={other.id}"):
            assert buyer_of(own).get(f"/v1/companies?{query}").status_code == 422
        assert buyer_of(own).get("/v1/companies?reference={%22$ne%22:%221%22}").json["items"] == []

    @pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=nonsense", "reference="])
    def test_invalid_query(self, query, admin):
        assert admin.get(f"/v1/companies?{query}").status_code == 422
