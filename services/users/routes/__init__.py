"""The users API: public under /v1 and /.well-known, for other services under /internal/v1."""

from services.users.routes.accounts import auth_blp, internal_blp, keys_blp, people_blp
from services.users.routes.invitations import invitations_blp

BLUEPRINTS = (auth_blp, people_blp, invitations_blp, keys_blp, internal_blp)
