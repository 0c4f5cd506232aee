"""
Moto's proxy with what it lacks for Copilot; the emulator runs it as a process of its own.

Patching is meant: these are moto's modules, in a process where nothing else lives.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from moto.acm import models as acm
from moto.cloudformation import models, responses
from moto.moto_proxy import proxy3
from moto.proxy import main

CONNECTION = "arn:aws:codestar-connections:us-east-1:123456789012:connection/00000000-0000-0000-0000-000000000000"

_instance_as_dict = models.StackInstance.to_dict
_template_summary = responses.get_template_summary_response_from_template
_get_template_summary = responses.CloudFormationResponse.get_template_summary
_get_certificate = acm.AWSCertificateManagerBackend.get_certificate
_parse_request = proxy3.MotoRequestHandler.parse_request


def instance_with_one_id(self: Any) -> Any:
    """Moto invents a new stack id at every call; Copilot follows it to the stack."""
    return {**_instance_as_dict(self), "StackId": self.stack.stack_id}


def summary_with_json_metadata(body: Any) -> Any:
    """AWS answers a template's metadata as JSON, moto as the repr of a dict."""
    answer = _template_summary(body)
    if isinstance(answer.get("Metadata"), dict):
        answer["Metadata"] = json.dumps(answer["Metadata"])
    return answer


def summary_of_stack_set(self: Any) -> Any:
    """Moto ignores StackSetName."""
    name = self._get_param("StackSetName")
    if not name:
        return _get_template_summary(self)
    template = self.cloudformation_backend.describe_stack_set(name).template
    return responses.ActionResult(summary_with_json_metadata(template))


def certificate_of_any_arn(self: Any, arn: str) -> Any:
    """A real certificate's ARN comes from the account; here it exists once requested, for the domain and below."""
    if arn not in self._certificates:
        domain = os.environ["CERTIFICATE_DOMAIN"]
        names = [domain, f"*.{domain}"]
        made = acm.CertBundle.generate_cert(domain, account_id=self.account_id, region=self.region_name, sans=names)
        self._certificates[arn] = made
    return _get_certificate(self, arn)


def request_with_connections(self: Any, method: str, host: str, path: str, headers: Any, body: Any) -> Any:
    """Moto has no CodeStar Connections; a pipeline's source names one."""
    if "codestar-connections" not in host:
        return _parse_request(self, method=method, host=host, path=path, headers=headers, body=body)
    names = [name for name in os.environ.get("CONNECTION_NAMES", "").split(",") if name]
    answer = {"Connections": [{"ConnectionName": name, "ConnectionArn": CONNECTION} for name in names]}
    return 200, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(answer)


def close_gaps() -> None:
    models.StackInstance.to_dict = instance_with_one_id
    responses.get_template_summary_response_from_template = summary_with_json_metadata
    responses.CloudFormationResponse.get_template_summary = summary_of_stack_set
    acm.AWSCertificateManagerBackend.get_certificate = certificate_of_any_arn
    proxy3.MotoRequestHandler.parse_request = request_with_connections


if __name__ == "__main__":
    close_gaps()
    main(sys.argv[1:])
