"""The search API."""

from __future__ import annotations

from flask.views import MethodView

from services.search import examples, operations
from services.search.errors import IndexNotReady
from services.search.operations import FoundPage, Suggestions
from services.search.rules import SearchTerms, SuggestTerms
from services.search.schemas import FoundPageSchema, SearchQuery, SuggestionsSchema, SuggestQuery
from shared.web.auth import requires
from shared.web.service import ApiBlueprint

blp = ApiBlueprint("search", __name__, url_prefix="/v1/search", description="Finding products by words.")


@blp.route("")
class Search(MethodView):
    @requires("products:read")
    @blp.arguments(SearchQuery, location="query")
    @blp.response(200, FoundPageSchema, example=examples.FOUND)
    @blp.operation("searchProducts", IndexNotReady)
    def get(self, terms: SearchTerms) -> FoundPage:
        """
        Find products for sale.

        The most relevant come first; without `q` all come by name. Words may be incomplete or mistyped, and a SKU is
        found by its beginning. A changed product is found within a few seconds. Stock is at `getProduct`.
        """
        return operations.search_products(terms)


@blp.route("/suggest")
class Suggest(MethodView):
    @requires("products:read")
    @blp.arguments(SuggestQuery, location="query")
    @blp.response(200, SuggestionsSchema, example=examples.SUGGESTED)
    @blp.operation("suggestProducts", IndexNotReady)
    def get(self, terms: SuggestTerms) -> Suggestions:
        """
        Suggest products while a person types.

        At most eight; none for a blank `q`.
        """
        return operations.suggest_products(terms)
