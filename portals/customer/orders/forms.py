"""The cancellation of one order."""

from __future__ import annotations

from shared.portal.forms import PortalForm, TextField


class CancellationForm(PortalForm):
    reason = TextField()
