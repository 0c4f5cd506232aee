"""Ways of breaking a manifest that Copilot, or everybody, would overlook: each is caught without the binary."""

from __future__ import annotations

import pytest

from tests.tools.package.broken import (
    BOOTSTRAP,
    ENVIRONMENT,
    GATEWAY,
    PRODUCTS,
    WORKER,
    Break,
    assert_caught,
    broken,
    copied,
    values_of,
)
from tools.package.checks import static_findings
from tools.package.workspace import read_workspace

VPC = "vpc: {placement: private}"
SECRET = "tradepost/${COPILOT_ENVIRONMENT_NAME}/gateway/SERVICE_SECRET"
CIRCLE = (
    "type: Backend Service",
    "type: Worker Service\nsubscribe: {topics: [{name: events, service: search-worker}]}",
)

BREAKS = [
    # Keys that Copilot ignores.
    Break(GATEWAY, "deregistration_delay:", "deregistration_dealy:", "http.deregistration_dealy", "did you mean"),
    Break(GATEWAY, "cpu_percentage:", "cpu_percent:", "count.cpu_percent", "did you mean cpu_percentage"),
    Break(GATEWAY, "healthcheck: {path", "healthchek: {path", "http.healthchek", "would ignore this key"),
    Break(GATEWAY, "readonly_fs", "readonly", "storage.readonly", "did you mean readonly_fs"),
    Break(WORKER, "filter_policy", "filter_polcy", "subscribe.topics[0].filter_polcy", "did you mean filter_policy"),
    Break(WORKER, "queue_delay", "queue_dealy", "count.queue_dealy", "did you mean queue_delay"),
    Break(PRODUCTS, "publish:\n  topics", "publish:\n  topic", "publish.topic", "did you mean topics"),
    Break(ENVIRONMENT, "container_insights", "container_insight", "observability.container_insight", "did you mean"),
    Break(GATEWAY, "  prod:\n", "  prood:\n", "environments.prood", "did you mean prod"),
    Break(BOOTSTRAP, "retries: 2", "observability: {tracing: awsxray}", "observability", "would ignore this key"),
    # Values that it swallows.
    Break(GATEWAY, "delay: 30s", "delay: 1d", "http.deregistration_delay", "there are no days"),
    Break(WORKER, "retention: 96h", "retention: 4d", "subscribe.queue.retention", "there are no days"),
    Break(GATEWAY, "tracing: awsxray", "tracing: jaeger", "observability.tracing", "'jaeger'"),
    Break(GATEWAY, "readonly_fs: true", "readonly_fs: 'yeah'", "storage.readonly_fs", "true or false"),
    Break(GATEWAY, "rolling: default", "rolling: canary", "deployment.rolling", "default, recreate"),
    Break(WORKER, "tries: 5", "tries: five", "subscribe.queue.dead_letter.tries", "a whole number"),
    Break(WORKER, "    - name: events\n      service", "      name: events\n      service", "subscribe.topics", "list"),
    # What AWS would refuse or do otherwise, once deployed.
    Break(PRODUCTS, "memory: 512", "memory: 9000", "memory", "no task of 256 CPU units with 9000 MiB"),
    Break(GATEWAY, "    exec: false", "    exec: false\n    cpu: 4096", "memory", "(in prod)"),
    Break(BOOTSTRAP, VPC, f"connect: true\n  {VPC}", "network.connect", "Service Connect exists for services only"),
    Break(GATEWAY, "placement: private", "placement: public", "network.vpc.placement", "no public address"),
    Break(GATEWAY, SECRET, SECRET.replace("SECRET", "SECRTE"), "secrets.SERVICE_SECRET", "does not exist"),
    Break(GATEWAY, f"{{secretsmanager: '{SECRET}'}}", "/copilot/X", "secrets.SERVICE_SECRET", "SSM parameter"),
    Break(GATEWAY, "['${DOMAIN}']", "['${DOMIAN}']", "${DOMIAN}", "has no value; set DOMIAN"),
    Break(WORKER, "service: products", "service: prodcuts", "subscribe.topics[0]", "no workload 'prodcuts'"),
    Break(PRODUCTS, "name: products", "name: product", "name", "write products"),
    Break(GATEWAY, "Load Balanced Web Service", "Request-Driven Web Service", "type", "no kind of workload"),
    # What this project asks.
    Break(
        GATEWAY, "location: ${TRADEPOST_IMAGE}", "location: nginx:latest", "image.location", "write ${TRADEPOST_IMAGE}"
    ),
    Break(GATEWAY, "location: ${TRADEPOST_IMAGE}", "build: Dockerfile", "image.build", "nothing is built here"),
    Break(WORKER, 'healthcheck: {command: ["CMD", "python"', 'labels: {a: ["CMD"', "image.healthcheck", "own check"),
    Break(GATEWAY, "path: /health/live, ", "", "http.healthcheck", "write its path"),
    Break(GATEWAY, "    exec: false", "    exec: true", "exec", "no shell is opened in prod"),
    Break(GATEWAY, "max: 10}", "max: 10, spot_from: 3}", "count.range.spot_from", "Spot is for event workers"),
    Break(WORKER, "range: {min: 1, max: 4, spot_from: 2}", "spot: 2", "count.spot", "keep an on-demand base"),
    Break(GATEWAY, "min: 2", "min: 1", "count", "two tasks in two zones in prod"),
    Break(GATEWAY, "retention: 365", "retention: 30", "logging.retention", "prod keeps logs 365 days, not 30"),
    Break(PRODUCTS, "readonly_fs: true", "readonly_fs: false", "storage.readonly_fs", "may not change their root"),
    Break(ENVIRONMENT, "TLS13-1-3-2021-06", "TLS13-1-2-2021-06", "http.public.ssl_policy", "less than TLS 1.3"),
    Break(
        ENVIRONMENT, "    ssl_policy: ELBSecurityPolicy-TLS13-1-3-2021-06\n", "", "http.public.ssl_policy", "TLS 1.3"
    ),
    Break(GATEWAY, "  path: /api\n", "   path: /api\n  x: [\n", "line", "this is not YAML"),
]


class TestBreakingManifests:
    @pytest.mark.parametrize("fault", BREAKS, ids=str)
    def test_is_caught_with_file_and_field(self, tmp_path, fault):
        workspace = broken(copied(tmp_path), fault)

        assert_caught([str(each) for each in static_findings(workspace, values_of(workspace))], fault)

    def test_finds_nothing_in_the_whole_one(self, tmp_path):
        workspace = read_workspace(copied(tmp_path))

        assert static_findings(workspace, values_of(workspace)) == []

    def test_workers_that_wait_for_each_other_are_named(self, tmp_path):
        root = copied(tmp_path)
        broken(root, Break(PRODUCTS, *CIRCLE, "", ""))
        workspace = broken(root, Break(WORKER, "cpu: 256", "publish: {topics: [{name: events}]}\ncpu: 256", "", ""))

        found = [str(each) for each in static_findings(workspace, values_of(workspace))]

        assert any("subscribe.topics" in each and "none can be deployed first" in each for each in found)

    def test_two_workloads_cannot_answer_one_path(self, tmp_path):
        root = copied(tmp_path)
        broken(root, Break(GATEWAY, "name: gateway", "name: admin", "", ""))
        (root / "copilot/gateway").rename(root / "copilot/admin")
        (root / "copilot/gateway").mkdir()
        (root / GATEWAY).write_text((root / "copilot/admin/manifest.yml").read_text().replace("admin", "gateway"))
        workspace = read_workspace(root)

        found = [str(each) for each in static_findings(workspace, values_of(workspace))]

        assert f"{GATEWAY}: http.path: admin answers there already; choose another path" in found

    def test_a_certificate_nobody_checks_is_found_in_sources(self, tmp_path):
        root = copied(tmp_path)
        (root / "services").mkdir()
        (root / "services" / "config.py").write_text("URI = 'mongodb://x/?tls" + "AllowInvalidCertificates=true'\n")
        workspace = read_workspace(root)

        found = [str(each) for each in static_findings(workspace, values_of(workspace))]

        assert found == ["services/config.py: line 1: certificates are always checked; name the authority by tlsCAFile"]

    def test_psp_sandbox_lives_in_test_only(self, tmp_path):
        root = copied(tmp_path)
        (root / "copilot/psp-sandbox").mkdir()
        text = (root / PRODUCTS).read_text().replace("name: products", "name: psp-sandbox")
        (root / "copilot/psp-sandbox/manifest.yml").write_text(text)
        workspace = read_workspace(root)

        assert [env for env in ("test", "prod") if "psp-sandbox" in {w.name for w in workspace.workloads_of(env)}] == [
            "test"
        ]
