"""What goes over a connection: TLS with checked certificates, targets and header fields that cannot break out."""

from __future__ import annotations

import datetime
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.calls.connections import close_pools
from shared.calls.resilience import forget_upstreams
from shared.calls.service_client import ServiceClient, UpstreamUnavailable
from tests.shared.faulty_server import FaultyServer, Reply


class Greeter(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections: set[Any] = set()

    def do_GET(self) -> None:
        self.connections.add(self.client_address)
        self.send_response(200)
        self.send_header("Content-Length", "300000")
        self.end_headers()
        self.wfile.write(b'"' + b"x" * 299_998 + b'"')

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return a file that holds a key and its own certificate for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    file = tmp_path / "localhost.pem"
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()) + pem)
    return file


@pytest.fixture
def https(certificate: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Greeter)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Greeter.connections.clear()
    forget_upstreams()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"https://localhost:{server.server_port}"
    close_pools()
    forget_upstreams()
    server.shutdown()
    server.server_close()


class TestTls:
    def test_calls_an_upstream_whose_certificate_is_trusted(
        self, https: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        processor = ServiceClient(https, service="psp")

        assert [len(processor.get("/v1/charges")) for _ in range(3)] == [299_998] * 3
        assert len(Greeter.connections) == 1

    def test_refuses_a_certificate_that_is_not_trusted(self, https: str):
        with pytest.raises(UpstreamUnavailable) as refusal:
            ServiceClient(https, service="psp").post("/v1/charges")

        assert refusal.value.reason == "connection"


class TestRequestLine:
    def test_percent_encodes_what_a_target_may_not_hold(self, server: FaultyServer):
        ServiceClient(server.url, service="products").get("/v1/products/a b\r\nX-User-Id: 1/ü%2F")

        assert server.received[0].target == "/v1/products/a%20b%0D%0AX-User-Id:%201/%C3%BC%2F"

    @pytest.mark.parametrize("value", ["k\r\nX-User-Id: 1", "k\nX", "k\0"])
    def test_refuses_a_header_field_that_would_begin_another(self, value: str, server: FaultyServer):
        with pytest.raises(ValueError, match="line break"):
            ServiceClient(server.url, service="products").post("/v1/orders", idempotency_key=value)

        assert server.received == []

    def test_sends_a_length_with_a_post_without_body(self, server: FaultyServer):
        ServiceClient(server.url, service="products").post("/v1/orders")

        assert server.received[0].headers["content-length"] == "0"


class TestStream:
    def test_is_not_sent_again_when_the_idle_connection_was_closed(
        self, server: FaultyServer, make_stream: Callable[[], Any]
    ):
        products = ServiceClient(server.url, service="products")
        products.get("/v1/products")
        server.queue = [Reply(hang_up=True)]

        with pytest.raises(UpstreamUnavailable):
            products.request("PUT", "/v1/imports", make_stream())

        assert [request.method for request in server.received] == ["GET", "PUT"]

    def test_is_sent_in_chunks(self, server: FaultyServer, make_stream: Callable[[], Any]):
        ServiceClient(server.url, service="products").request("PUT", "/v1/imports", make_stream())

        assert server.received[0].body == b"sku\nA\nB"
        assert server.received[0].headers["transfer-encoding"] == "chunked"


@pytest.fixture
def make_stream() -> Callable[[], Any]:
    """Return a maker of streams that can be read once and know nothing of their length."""

    class Stream:
        def __init__(self) -> None:
            self.pieces = [b"sku\n", b"A\nB", b""]

        def read(self, size: int) -> bytes:
            return self.pieces.pop(0)

    return Stream
