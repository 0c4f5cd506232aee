"""Types for the parts of mongoengine that Tradepost uses (docs/adr/0021); a part that is missing here is added here."""

from mongoengine.connection import connect as connect
from mongoengine.connection import disconnect as disconnect
from mongoengine.connection import get_db as get_db
from mongoengine.document import Document as Document
from mongoengine.document import EmbeddedDocument as EmbeddedDocument
from mongoengine.fields import BooleanField as BooleanField
from mongoengine.fields import DateTimeField as DateTimeField
from mongoengine.fields import DictField as DictField
from mongoengine.fields import EmbeddedDocumentField as EmbeddedDocumentField
from mongoengine.fields import EmbeddedDocumentListField as EmbeddedDocumentListField
from mongoengine.fields import EnumField as EnumField
from mongoengine.fields import FloatField as FloatField
from mongoengine.fields import IntField as IntField
from mongoengine.fields import ListField as ListField
from mongoengine.fields import StringField as StringField
