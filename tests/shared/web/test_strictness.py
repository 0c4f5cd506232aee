"""Unknown query parameters, and keys given twice in a JSON body, are refused with a pointer."""

from __future__ import annotations

import pytest

BASE = b'"sku": "A1", "price": {"amount": "25.5", "currency": "GBP"}, "total": {"amount": 5, "currency": "GBP"}'
DEEP = b'{"text": ' + b"[" * 300 + b'{"a:": 1, "b": 2}' + b"]" * 300 + b"}"


def post(writer, body: bytes):
    return writer.post("/v1/notes", data=body, content_type="application/json")


class TestQueries:
    def test_with_an_unknown_parameter_are_refused_where_a_route_takes_none(self, writer):
        refused = writer.get("/v1/notes/note_1?limt=5&a/b~c=1")

        assert refused.status_code == 422
        assert [each["pointer"] for each in refused.json["errors"]] == ["/limt", "/a~1b~0c"]
        assert refused.json["location"] == "query"

    def test_are_not_looked_at_where_there_is_no_route(self, writer):
        assert writer.get("/v1/nowhere?limit=5").status_code == 404

    def test_do_not_repeat_a_name_that_is_no_field(self, writer):
        refused = writer.get("/v1/notes/note_1?4000056655665556=1")

        assert "4000056655665556" not in refused.text


class TestRepeatedKeys:
    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            (b'{"text": "a", "text": "a", ' + BASE + b"}", "/text"),
            (b'{"text": "a", "\\u0074ext": "b", ' + BASE + b"}", "/text"),
            (b'{"text": "a:b", "text": "a\\u003ab", ' + BASE + b"}", "/text"),
            (b'{"text": "a", ' + BASE.replace(b'"amount": 5', b'"amount": 5, "amount": 6') + b"}", "/total/amount"),
            (b'{"text": "a", "x": [0, {"k/~": {"a:": 1}, "k/~": 2}], ' + BASE + b"}", "/x/1/k~1~0"),
            (DEEP.replace(b'"b"', b'"a:"'), "/text" + "/0" * 300 + "/a:"),
        ],
    )
    def test_are_refused_at_any_depth(self, writer, body, pointer):
        refused = post(writer, body)

        assert refused.status_code == 400
        assert [each["pointer"] for each in refused.json["errors"]] == [pointer]
        assert repr(pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")) in refused.json["detail"]

    @pytest.mark.parametrize(
        "body",
        [
            b'{"text": "12:30 \\u003a :", ' + BASE + b"}",
            b'{"text": "a \\"b\\": c \\\\", ' + BASE + b"}",
            b'{"text": "caf\\u00e9: ok", ' + BASE + b"}",
            b'{"text": "t\xc3\xa9l\xc3\xa9: 1.0", "quantity": 1, ' + BASE + b"}",
        ],
    )
    def test_are_not_seen_in_texts_with_colons(self, writer, body):
        assert post(writer, body).status_code == 201

    def test_are_not_seen_in_a_deep_body(self, writer):
        assert post(writer, DEEP).status_code == 422

    def test_do_not_repeat_what_looks_like_a_card_number(self, writer):
        refused = post(writer, b'{"4000056655665556": 1, "4000056655665556": 2}')

        assert refused.status_code == 400
        assert "4000056655665556" not in refused.text
