"""Settings of gunicorn for every web workload: `gunicorn -c python:shared.web.gunicorn …`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

bind = os.environ.get("BIND", "0.0.0.0:8080")
worker_class = "shared.web.gunicorn_worker.Worker"
workers = int(os.environ.get("WEB_WORKERS", "1"))
threads = int(os.environ.get("WEB_THREADS", "32"))
worker_connections = 1000
backlog = 512
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 (gunicorn creates a private file there)

# A worker without heartbeat is replaced after `timeout`; at its stop it has `graceful_timeout` for open requests.
timeout = 30
graceful_timeout = int(os.environ.get("WEB_GRACEFUL_SECONDS", "20"))
# Longer than the idle timeouts of the load balancer (60 s) and of our connection pools: the client closes first.
keepalive = 75

limit_request_line = 8190
limit_request_fields = 64
limit_request_field_size = 8190

# No proxy in front may change client address, scheme or headers: forged and ambiguous headers are dropped.
header_map = "drop"
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
proxy_protocol = False
strip_header_spaces = False
permit_obsolete_folding = False
permit_unconventional_http_method = False
permit_unconventional_http_version = False
casefold_http_method = False

control_socket_disable = True
preload_app = False
accesslog = None
errorlog = "-"
loglevel = "warning"


def child_exit(server: Any, worker: Any) -> None:
    """Delete the gauges of a worker that ended, since no other process updates them."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
