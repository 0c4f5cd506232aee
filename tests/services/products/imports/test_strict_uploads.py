"""An upload is one file: other parts of its body and unknown options are refused."""

from __future__ import annotations

import io
from typing import Any

import pytest

from services.products.imports.documents import ProductImport
from tests.factories.products import csv_file, csv_row


class TestUpload:
    @pytest.mark.parametrize(
        ("parts", "pointers"),
        [
            ({"file": "x"}, ["/file"]),
            ({"dry_run": "true", "other": "x"}, ["/dry_run", "/file", "/other"]),
            ({"file": (io.BytesIO(b"sku"), "a.csv"), "dry_run": "true"}, ["/dry_run"]),
            ({"file": (io.BytesIO(b"sku"), "a.csv"), "notes": (io.BytesIO(b"sku"), "b.csv")}, ["/notes"]),
            ({"file": [(io.BytesIO(b"sku"), "a.csv"), (io.BytesIO(b"sku"), "b.csv")]}, ["/file"]),
        ],
        ids=["a text", "no file", "a field", "another file", "two files"],
    )
    def test_takes_one_file_and_nothing_else(self, merchant: Any, parts: dict[str, Any], pointers: list[str]) -> None:
        response = merchant.post("/v1/products/imports", data=parts, content_type="multipart/form-data")

        assert response.status_code == 422
        assert sorted(each["pointer"] for each in response.json["errors"]) == pointers
        assert ProductImport.collection().count_documents({}) == 0

    def test_refuses_an_option_that_it_does_not_know(self, merchant: Any) -> None:
        data = {"file": (io.BytesIO(csv_file([csv_row()])), "a.csv")}
        response = merchant.post("/v1/products/imports?dryrun=true", data=data)

        assert response.status_code == 422
        assert response.json["errors"][0]["pointer"] == "/dryrun"
