"""What the manifests name, the bootstrap makes; what it writes into addresses is in the image."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tools.bootstrap.settings import BootstrapSettings

ROOT = Path(__file__).parents[3]
NAMED = re.compile(r"tradepost/\$\{COPILOT_ENVIRONMENT_NAME\}/([a-z-]+/[A-Z_]+)")
MANIFESTS = sorted(ROOT.glob("copilot/*/manifest.yml"))


class TestManifests:
    def test_name_no_secret_that_nobody_makes(self, installation):
        named = {name for each in MANIFESTS for name in NAMED.findall(each.read_text())}
        installation.run()

        assert "orders/MONGODB_URI" in named
        assert named - set(installation.values()) == set()

    def test_the_jobs_own_gives_every_setting_that_has_no_default(self):
        manifest = yaml.safe_load((ROOT / "copilot/bootstrap/manifest.yml").read_text())
        given = dict.fromkeys(manifest["variables"], "given") | {"PSP_BACKEND": "none"}

        settings = BootstrapSettings.from_env(given)

        assert settings.documentdb_admin_secret_arn
        assert settings.documentdb_endpoint

    def test_the_certificates_named_are_in_the_image(self):
        options = BootstrapSettings.from_env(dict.fromkeys(REQUIRED, "given")).mongodb_options
        found = re.search(r"tlsCAFile=/app/([^&]+)", options)

        assert found is not None
        assert (ROOT / found[1]).is_file()


REQUIRED = ("KMS_KEY_ID", "OWNER_EMAIL", "PUBLIC_ADMIN_URL", "TRADEPOST_ENV")


@pytest.mark.parametrize("missing", REQUIRED)
def test_each_of_these_must_be_given(missing):
    with pytest.raises(Exception, match=missing):
        BootstrapSettings.from_env({name: "given" for name in REQUIRED if name != missing})
