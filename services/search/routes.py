"""The search API."""

from __future__ import annotations

from flask.views import MethodView

from services.search import operations
from services.search.errors import IndexNotReady
from services.search.operations import FoundPage, Suggestions
from services.search.rules import SearchTerms, SuggestTerms
from services.search.schemas import FoundPageSchema, SearchQuery, SuggestionsSchema, SuggestQuery
from shared.web.auth import requires
from shared.web.service import ApiBlueprint

blp = ApiBlueprint("search", __name__, url_prefix="/v1/search", description="Finding products")


@blp.route("")
class Search(MethodView):
    @requires("products:read")
    @blp.arguments(SearchQuery, location="query")
    @blp.response(200, FoundPageSchema)
    @blp.operation("searchProducts", IndexNotReady)
    def get(self, terms: SearchTerms) -> FoundPage:
        """Find products for sale, the most relevant first; without `q` all by name."""
        return operations.search_products(terms)


@blp.route("/suggest")
class Suggest(MethodView):
    @requires("products:read")
    @blp.arguments(SuggestQuery, location="query")
    @blp.response(200, SuggestionsSchema)
    @blp.operation("suggestProducts", IndexNotReady)
    def get(self, terms: SuggestTerms) -> Suggestions:
        """Suggest up to eight products while a user types."""
        return operations.suggest_products(terms)
