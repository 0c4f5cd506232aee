"""The types of problem documents lead to pages that say what they mean, and what to do."""

from __future__ import annotations

import html5lib
import pytest

from tests.services.gateway.upstreams import answer

NOT_CANCELLABLE = {
    "type": "/problems/order-not-cancellable",
    "title": "The order can no longer be cancelled",
    "status": 409,
    "meaning": "The order is shipped.",
    "advice": "Take it back.",
}
JSON = {"Accept": "application/json"}


@pytest.fixture
def client(make_gateway, start_upstream, upstream):
    upstream.respond = lambda *_: answer({}, status="404 Not Found")
    orders = start_upstream(lambda *_: answer({"paths": {}, "x-problems": [NOT_CANCELLABLE]}))
    return make_gateway(orders_url=orders.url).test_client()


def page_of(response):
    assert response.status_code == 200
    assert response.content_type == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(response.text)


class TestPages:
    def test_of_a_services_type_is_where_the_type_leads(self, client):
        led = client.get(NOT_CANCELLABLE["type"])
        assert (led.status_code, led.headers["Location"]) == (303, "/docs/problems/order-not-cancellable")

        response = client.get(led.headers["Location"])

        page_of(response)
        for text in (*NOT_CANCELLABLE.values(), "Status:"):
            assert str(text) in response.text

    def test_is_json_for_programs(self, client):
        response = client.get("/docs/problems/order-not-cancellable", headers=JSON)

        assert response.json == {
            "name": "order-not-cancellable",
            "type": NOT_CANCELLABLE["type"],
            "statuses": [409],
            "entries": [NOT_CANCELLABLE],
        }
        assert "Accept" in response.vary

    @pytest.mark.parametrize("path", ["/api/v1/orders", "/api/v1/nothing", "/nothing", "/docs/problems/nothing"])
    def test_is_there_for_each_refusal_of_the_gateway(self, path, client):
        refused = client.get(path).json

        answered = client.get(refused["type"], follow_redirects=True)

        page_of(answered)
        assert refused["title"] in answered.text

    def test_is_there_for_the_phrase_of_every_status(self, client):
        page_of(client.get("/docs/problems/requested-range-not-satisfiable"))
        page_of(client.get("/docs/problems/not-acceptable"))

    def test_shows_members_as_code(self, client):
        assert "<code>permission</code> names what is missing" in client.get("/docs/problems/forbidden").text

    def test_names_no_status_where_each_answer_has_another(self, client):
        assert "that of the service that refused" in client.get("/docs/problems/upstream-refused").text

    def test_escapes_nothing_unknown(self, client):
        assert client.get("/docs/problems/<script>").status_code == 404
        assert client.get("/problems/%0d%0aX-Evil:1").headers["Location"].isascii()


class TestIndex:
    def test_leads_to_every_page(self, client):
        links = [link.get("href") for link in page_of(client.get("/docs/problems")).iter("a")]
        pages = [link for link in links if link.startswith("/docs/problems/")]

        assert "/docs/problems/order-not-cancellable" in pages
        assert len(pages) == len(client.get("/docs/problems", headers=JSON).json["items"]) > 40
        for link in pages:
            assert client.get(link).status_code == 200
