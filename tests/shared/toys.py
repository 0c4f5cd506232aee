"""A small service for tests of the kernel: notes are written, pinned and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from flask import url_for
from flask.views import MethodView
from marshmallow import fields
from mongoengine import BooleanField, StringField

from shared.base.errors import Conflict, Forbidden
from shared.data.events import Event
from shared.data.persistence import Aggregate
from shared.web import schemas
from shared.web.auth import current_principal, internal, public, requires, signed_in
from shared.web.conditional import conditional
from shared.web.idempotency import idempotency_key, idempotent
from shared.web.service import ApiBlueprint

SERVICE = "toys"
blp = ApiBlueprint("notes", __name__, url_prefix="/v1/notes")


class NoteAlreadyPinned(Conflict):
    title = "The note is pinned already"


@dataclass(frozen=True)
class NoteWritten(Event):
    name: ClassVar[str] = "toys.note_written.v1"
    text: str


class Note(Aggregate):
    id_prefix = "note"

    text = StringField(required=True)
    company_id = StringField()
    key = StringField()
    is_pinned = BooleanField(default=False)

    meta = {"collection": "notes", "db_alias": SERVICE}

    def write(self, text: str) -> None:
        self.text = text
        self.record(NoteWritten(text=text))

    def pin(self) -> None:
        if self.is_pinned:
            raise NoteAlreadyPinned(f"{self.id} is pinned")
        self.is_pinned = True


def stored(note_id: str) -> dict[str, Any]:
    """Return the note as it is stored."""
    found = Note.collection().find_one({"_id": note_id})
    assert found is not None
    return found


class NoteInput(schemas.InputSchema):
    text = schemas.text(max_length=50)
    quantity = schemas.quantity(required=False)
    sku = schemas.Sku()
    price = schemas.UnitPriceField()
    total = schemas.MoneyField()


class NoteOutput(schemas.OutputSchema):
    id = fields.String(attribute="_id")
    text = fields.String()


@blp.route("")
class Notes(MethodView):
    @requires("notes:write")
    @idempotent
    @blp.arguments(NoteInput)
    @blp.response(201)
    def post(self, body: dict[str, Any]) -> Any:
        note = Note(text=body["text"], company_id=current_principal().company_id, key=idempotency_key())
        if body["text"] == "crash":
            raise RuntimeError("as asked")
        if body["text"] == "refuse":
            raise NoteAlreadyPinned("as asked")
        if body["text"] == "forbid":
            raise Forbidden("as asked")
        note.write(body["text"])
        note.commit()
        return {"id": note.id, "text": note.text}, 201, {"Location": url_for("notes.OneNote", note_id=note.id)}


@blp.route("/<note_id>")
class OneNote(MethodView):
    @requires("notes:read")
    @blp.response(200, NoteOutput)
    @conditional
    def get(self, note_id: str) -> dict[str, Any]:
        return Note.get_fields(note_id, current_principal().company_scope("notes:read"))


@blp.route("/mine")
class Mine(MethodView):
    @signed_in
    def get(self) -> dict[str, Any]:
        who = current_principal()
        return {"id": who.id, "company_id": who.company_id, "actor_id": who.actor_id}


@blp.route("/internal")
class Internal(MethodView):
    @internal("orders")
    def get(self) -> dict[str, Any]:
        return {"service": current_principal().service}


@blp.route("/public")
class Public(MethodView):
    @public
    def get(self) -> dict[str, str]:
        return {"status": "open"}
