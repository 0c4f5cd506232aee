"""TLS to the stores: certificates are verified, and URLs that turn this off are refused."""

from __future__ import annotations

import ipaddress
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import mongoengine
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pymongo.errors import ServerSelectionTimeoutError

from shared.base.errors import SettingsInvalid
from shared.data import persistence
from shared.data.redis_client import redis_from_url
from tools.bootstrap.settings import BootstrapSettings
from tools.ports import free_port
from tools.stores.binaries import MONGOD, find_program, program_environment

ROOT = Path(__file__).parents[3]
BUNDLE = ROOT / "shared" / "certificates" / "amazon-rds.pem"
NOTICE = timedelta(days=60)
PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8


def make_authority(folder: Path, name: str) -> tuple[Path, Path]:
    """Return the files of a new CA, and of a key with a certificate for 127.0.0.1."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    server = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    root = _certificate(issuer, keys[0], x509.BasicConstraints(ca=True, path_length=0), keys[0], issuer)
    leaf = _certificate(server, keys[1], address, keys[0], issuer)
    authority, served = folder / f"{name}.pem", folder / f"{name}-server.pem"
    authority.write_bytes(root.public_bytes(PEM))
    served.write_bytes(leaf.public_bytes(PEM) + keys[1].private_bytes(PEM, PKCS8, serialization.NoEncryption()))
    return authority, served


def _certificate(subject, key, extension, signer, issuer) -> x509.Certificate:
    today = datetime.now(UTC)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(today - timedelta(days=1)).not_valid_after(today + timedelta(days=2))
    return builder.add_extension(extension, critical=False).sign(signer, hashes.SHA256())


@pytest.fixture
def authority(tmp_path: Path) -> tuple[Path, Path]:
    return make_authority(tmp_path, "ours")


@pytest.fixture
def tls_port(tmp_path: Path, authority: tuple[Path, Path]) -> Iterator[int]:
    """The port of a mongod that accepts TLS only."""
    program, port, folder = find_program(MONGOD), free_port(), tmp_path / "mongod"
    folder.mkdir()
    command = [str(program), "--dbpath", str(folder), "--port", str(port), "--bind_ip", "127.0.0.1", "--nounixsocket"]
    command += ["--tlsMode", "requireTLS", "--tlsCertificateKeyFile", str(authority[1])]
    command += ["--tlsCAFile", str(authority[0]), "--tlsAllowConnectionsWithoutCertificates"]
    log = (tmp_path / "mongod.log").open("wb")
    with log, subprocess.Popen(command, stdout=log, stderr=log, env=program_environment(program)) as running:
        yield port
        running.terminate()


@pytest.fixture
def forget() -> Iterator[None]:
    yield
    persistence._databases.pop("tls", None)
    mongoengine.disconnect(alias="tls")


def uri(port: int, authority: Path) -> str:
    return f"mongodb://127.0.0.1:{port}/tls?tls=true&tlsCAFile={authority}&retryWrites=false"


@pytest.mark.usefixtures("forget")
class TestMongoTls:
    def test_connects_to_a_server_with_a_certificate_of_the_ca(self, tls_port, authority):
        database = persistence.connect("tls", uri(tls_port, authority[0]))

        pinged = persistence.retry_on_failover(lambda: database.command("ping"))
        assert pinged["ok"] == 1

    def test_refuses_a_server_with_a_certificate_of_another_ca(self, tls_port, authority, tmp_path):
        ours = persistence.connect("tls", uri(tls_port, authority[0]))
        persistence.retry_on_failover(lambda: ours.command("ping"))  # it is up: only the authority can be wrong now
        database = persistence.connect("tls", uri(tls_port, make_authority(tmp_path, "strangers")[0]))

        with pytest.raises(ServerSelectionTimeoutError, match="certificate verify failed"):
            database.command("ping")

    @pytest.mark.parametrize("option", ["tlsInsecure", "tlsAllowInvalidCertificates", "tlsallowinvalidhostnames"])
    def test_refuses_a_url_without_verification(self, option):
        with pytest.raises(SettingsInvalid, match=f"MONGODB_URI has {option}=true"):
            persistence.connect("tls", f"mongodb://127.0.0.1/tls?tls=true&{option}=true")


class TestRedisTls:
    def test_verifies_certificate_and_name(self):
        options = redis_from_url("rediss://:token@127.0.0.1:6390/0").connection_pool.connection_kwargs

        assert (options["ssl_cert_reqs"], options["ssl_check_hostname"]) == ("required", True)

    @pytest.mark.parametrize("option", ["ssl_cert_reqs=none", "ssl_cert_reqs=optional", "ssl_check_hostname=false"])
    def test_refuses_a_url_without_verification(self, option):
        with pytest.raises(SettingsInvalid, match=f"REDIS_URL has {option}"):
            redis_from_url(f"rediss://127.0.0.1:6390/0?{option}")


class TestBundle:
    def test_has_certificates_that_are_valid_for_two_months(self):
        """Fails two months before the first expiry: time enough to update the package."""
        authorities = x509.load_pem_x509_certificates(BUNDLE.read_bytes())

        assert len(authorities) > 50
        assert min(each.not_valid_after_utc for each in authorities) > datetime.now(UTC) + NOTICE
        assert all(each.issuer == each.subject for each in authorities)

    def test_is_at_the_path_in_the_services_urls(self):
        """The image has the repository under /app; `bootstrap` writes the URLs."""
        options = dict(parse_qsl(BootstrapSettings.mongodb_options))

        assert Path(options["tlsCAFile"]) == Path("/app") / BUNDLE.relative_to(ROOT)
        assert (options["tls"], options["retryWrites"]) == ("true", "false")

    def test_covers_the_regions_of_the_deployment(self):
        names = {
            str(each.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
            for each in x509.load_pem_x509_certificates(BUNDLE.read_bytes())
        }
        assert {f"Amazon RDS {region} Root CA RSA2048 G1" for region in ("us-east-1", "us-west-2")} <= names


class TestRepository:
    def test_never_turns_verification_off(self):
        asking = re.compile(r"tls(AllowInvalid\w*|Insecure)[\"']?\s*[=:]\s*[\"']?(true|1)", re.IGNORECASE)
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
        files = [ROOT / name for name in listed.stdout.split("\0") if name and ROOT / name != Path(__file__)]
        found = [str(each) for each in files if each.is_file() and asking.search(each.read_text(errors="ignore"))]

        assert found == []
