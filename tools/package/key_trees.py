"""
Every key of Copilot 1.34's manifests and what its value may be, from aws.github.io/copilot-cli/docs/manifest.

A map holds the keys there are, "*" is any key, [x] is a list of x, a set holds the words allowed, a pattern
is what a value must look like, ANY is any value. A field that may be a scalar or a map is written as the map.
"""

from __future__ import annotations

import re
from typing import Any, Final

from tools.package.workspace import BACKEND, SCHEDULED_JOB, WEB, WORKER

Tree = Any

ANY: Final = object()
# Durations are Go's: they have no days, and Copilot reads `1d` as 0 in every field that may also be a boolean.
DURATION = re.compile(r"0|(\d+(\.\d+)?(ns|us|ms|s|m|h))+")
NUMBER = re.compile(r"\d+")
BOOLEAN = re.compile(r"(?i)true|false|yes|no|on|off")

EXPECTED = {
    DURATION: "a duration such as 30s, 5m or 96h (there are no days)",
    NUMBER: "a whole number",
    BOOLEAN: "true or false",
}

NAMES: Tree = {"*": ANY}
EXPORT: Tree = {"from_cfn": ANY}
COOLDOWN: Tree = {"in": DURATION, "out": DURATION}
SCALED: Tree = {"value": ANY, "cooldown": COOLDOWN}
CHECK: Tree = {
    "command": ANY,
    "retries": NUMBER,
    "interval": DURATION,
    "timeout": DURATION,
    "start_period": DURATION,
}
PROBE: Tree = {
    "port": NUMBER,
    "healthy_threshold": NUMBER,
    "unhealthy_threshold": NUMBER,
    "interval": DURATION,
    "timeout": DURATION,
    "grace_period": DURATION,
}
VARIABLES: Tree = {"*": EXPORT}
SECRETS: Tree = {"*": {"from_cfn": ANY, "secretsmanager": ANY}}
BUILD: Tree = {"dockerfile": ANY, "context": ANY, "target": ANY, "cache_from": ANY, "args": NAMES}
IMAGE: Tree = {
    "build": BUILD,
    "location": ANY,
    "credentials": ANY,
    "labels": NAMES,
    "depends_on": NAMES,
    "port": ANY,
    "healthcheck": CHECK,
}
RULE: Tree = {
    "path": ANY,
    "version": {"grpc", "http1", "http2"},
    "target_container": ANY,
    "target_port": NUMBER,
    "allowed_source_ips": ANY,
    "hosted_zone": ANY,
    "stickiness": BOOLEAN,
    "redirect_to_https": BOOLEAN,
    "deregistration_delay": DURATION,
    "alias": [{"name": ANY, "hosted_zone": ANY}],
    "healthcheck": {**PROBE, "path": ANY, "success_codes": ANY},
}
HTTP: Tree = {**RULE, "alb": ANY, "additional_rules": [RULE]}
LISTENER: Tree = {
    "port": ANY,
    "target_container": ANY,
    "target_port": NUMBER,
    "ssl_policy": ANY,
    "stickiness": BOOLEAN,
    "deregistration_delay": DURATION,
    "healthcheck": PROBE,
}
NLB: Tree = {**LISTENER, "alias": [{"name": ANY, "hosted_zone": ANY}], "additional_listeners": [LISTENER]}
MOUNT: Tree = {"path": ANY, "read_only": BOOLEAN}
EFS: Tree = {
    "id": EXPORT,
    "root_dir": ANY,
    "uid": NUMBER,
    "gid": NUMBER,
    "auth": {"iam": BOOLEAN, "access_point_id": ANY},
}
STORAGE: Tree = {"ephemeral": NUMBER, "readonly_fs": BOOLEAN, "volumes": {"*": {**MOUNT, "efs": EFS}}}
SIDECAR: Tree = {
    "port": ANY,
    "image": {**BUILD, "build": BUILD, "location": ANY},
    "essential": BOOLEAN,
    "credentialsParameter": ANY,
    "variables": VARIABLES,
    "secrets": SECRETS,
    "env_file": ANY,
    "mount_points": [{"source_volume": ANY, **MOUNT}],
    "labels": NAMES,
    "depends_on": NAMES,
    "entrypoint": ANY,
    "command": ANY,
    "healthcheck": CHECK,
}
NETWORK: Tree = {
    "connect": {"alias": ANY},
    "vpc": {
        "placement": {"subnets": {"from_tags": NAMES}},
        "security_groups": {"deny_default": BOOLEAN, "groups": [EXPORT], "from_cfn": ANY},
    },
}
LOGGING: Tree = {
    "retention": NUMBER,
    "image": ANY,
    "destination": NAMES,
    "enableMetadata": ANY,
    "secretOptions": SECRETS,
    "configFilePath": ANY,
    "env_file": ANY,
    "variables": VARIABLES,
    "secrets": SECRETS,
}
PUBLISH: Tree = {"topics": [{"name": ANY, "fifo": {"content_based_deduplication": BOOLEAN}}]}
RANGE: Tree = {"min": NUMBER, "max": NUMBER, "spot_from": NUMBER}
COUNT: Tree = {
    "spot": NUMBER,
    "range": RANGE,
    "cooldown": COOLDOWN,
    "cpu_percentage": SCALED,
    "memory_percentage": SCALED,
}
WEB_COUNT: Tree = {**COUNT, "requests": SCALED, "response_time": SCALED}
QUEUE_DELAY: Tree = {"acceptable_latency": DURATION, "msg_processing_time": DURATION, "cooldown": COOLDOWN}
FIFO: Tree = {
    "content_based_deduplication": ANY,
    "deduplication_scope": ANY,
    "throughput_limit": ANY,
    "high_throughput": ANY,
}
QUEUE: Tree = {
    "retention": DURATION,
    "delay": DURATION,
    "timeout": DURATION,
    "dead_letter": {"tries": NUMBER},
    "fifo": FIFO,
}
ALARMS: Tree = {"cpu_utilization": ANY, "memory_utilization": ANY}
DEPLOYMENT: Tree = {"rolling": {"default", "recreate"}, "rollback_alarms": ALARMS}
WORKER_DEPLOYMENT: Tree = {**DEPLOYMENT, "rollback_alarms": {**ALARMS, "messages_delayed": ANY}}
SUBSCRIBE: Tree = {
    "queue": QUEUE,
    "topics": [{"name": ANY, "service": ANY, "filter_policy": ANY, "queue": QUEUE}],
}

COMMON: Tree = {
    "name": ANY,
    "type": ANY,
    "image": IMAGE,
    "entrypoint": ANY,
    "command": ANY,
    "cpu": NUMBER,
    "memory": NUMBER,
    "platform": {"osfamily": ANY, "architecture": ANY},
    "exec": BOOLEAN,
    "variables": VARIABLES,
    "env_file": ANY,
    "secrets": SECRETS,
    "storage": STORAGE,
    "logging": LOGGING,
    "sidecars": {"*": SIDECAR},
    "network": NETWORK,
    "publish": PUBLISH,
    "taskdef_overrides": [{"path": ANY, "value": ANY}],
}
# Any other word than awsxray means no tracing, silently.
SERVICE: Tree = {**COMMON, "observability": {"tracing": {"awsxray"}}}

WORKLOADS: dict[str, Tree] = {
    WEB: {**SERVICE, "http": HTTP, "nlb": NLB, "count": WEB_COUNT, "deployment": DEPLOYMENT},
    BACKEND: {**SERVICE, "http": HTTP, "count": WEB_COUNT, "deployment": DEPLOYMENT},
    WORKER: {
        **SERVICE,
        "deployment": WORKER_DEPLOYMENT,
        "count": {**COUNT, "queue_delay": QUEUE_DELAY},
        "subscribe": SUBSCRIBE,
    },
    SCHEDULED_JOB: {**COMMON, "on": {"schedule": ANY}, "retries": NUMBER, "timeout": DURATION},
}

SUBNET: Tree = {"id": ANY, "cidr": ANY, "az": ANY}
GROUP_RULE: Tree = {"ip_protocol": ANY, "ports": ANY, "cidr": ANY}
ENVIRONMENT: Tree = {
    "name": ANY,
    "type": {"Environment"},
    "network": {
        "vpc": {
            "id": ANY,
            "cidr": ANY,
            "subnets": {"public": [SUBNET], "private": [SUBNET]},
            "security_group": {"ingress": [GROUP_RULE], "egress": [GROUP_RULE]},
            "flow_logs": {"retention": NUMBER},
        }
    },
    "cdn": {
        "certificate": ANY,
        "terminate_tls": BOOLEAN,
        "static_assets": {"alias": ANY, "location": ANY, "path": ANY},
    },
    "http": {
        "public": {
            "certificates": ANY,
            "access_logs": {"bucket_name": ANY, "prefix": ANY},
            "ssl_policy": ANY,
            "ingress": {"cdn": BOOLEAN, "source_ips": ANY},
        },
        "private": {"certificates": ANY, "subnets": ANY, "ingress": {"vpc": BOOLEAN}, "ssl_policy": ANY},
    },
    "observability": {"container_insights": BOOLEAN},
}
ACTIONS: Tree = {"*": {"buildspec": ANY, "depends_on": ANY}}
PIPELINE: Tree = {
    "name": ANY,
    "version": ANY,
    "source": {
        "provider": ANY,
        "properties": {
            "access_token_secret": ANY,
            "branch": ANY,
            "repository": ANY,
            "connection_name": ANY,
            "output_artifact_format": ANY,
        },
    },
    "build": {"image": ANY, "buildspec": ANY, "additional_policy": {"PolicyDocument": ANY}},
    "stages": [
        {
            "name": ANY,
            "requires_approval": BOOLEAN,
            "test_commands": ANY,
            "pre_deployments": ACTIONS,
            "post_deployments": ACTIONS,
            "deployments": {
                "*": {"depends_on": ANY, "stack_name": ANY, "template_path": ANY, "template_config": ANY},
            },
        }
    ],
}
