"""What must hold in every rendered template: nothing below TLS 1.3 where AWS offers it, and Lambdas that last."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tools.package.reading import at, is_true
from tools.package.stacks import Stack
from tools.package.workspace_rules import TLS_13_ONLY

LAMBDA_RUNTIME = "nodejs24.x"
ENCRYPTED_ENVIRONMENTS = ("staging", "prod")
# OpenSearch names the lowest version; these two speak TLS 1.3 as well, no policy demands it yet.
SEARCH_POLICIES = ("Policy-Min-TLS-1-2-PFS-2023-10", "Policy-Min-TLS-1-2-RFC9151-FIPS-2024-08")
# (path of the field, what to do) in one template
Fault = tuple[str, str]


def lambda_runtimes(stack: Stack) -> Iterator[Fault]:
    """Copilot writes nodejs20.x, which AWS refuses for new functions from 2027-02-01."""
    for name, function in stack.resources("AWS::Lambda::Function"):
        runtime = function.get("Runtime")
        if runtime != LAMBDA_RUNTIME:
            yield f"Resources.{name}.Properties.Runtime", f"{runtime} is refused soon; override it to {LAMBDA_RUNTIME}"


def listener_policies(stack: Stack) -> Iterator[Fault]:
    for name, listener in stack.resources("AWS::ElasticLoadBalancingV2::Listener"):
        policy, is_encrypted = str(listener.get("SslPolicy", "")), listener.get("Protocol") in ("HTTPS", "TLS")
        if is_encrypted and stack.creates(name) and not policy.startswith(TLS_13_ONLY):
            where = f"Resources.{name}.Properties.SslPolicy"
            yield where, f"{policy or 'the default'} allows less than TLS 1.3; name {TLS_13_ONLY}2021-06"


def service_connect_tls(stack: Stack) -> Iterator[Fault]:
    """Every hop between services is encrypted where there is something to protect."""
    if stack.environment not in ENCRYPTED_ENVIRONMENTS:
        return
    for name, service in stack.resources("AWS::ECS::Service"):
        connect = service.get("ServiceConnectConfiguration") or {}
        for index, each in enumerate(connect.get("Services") or []):
            if not at(each, "Tls.IssuerCertificateAuthority.AwsPcaAuthorityArn"):
                where = f"Resources.{name}.Properties.ServiceConnectConfiguration.Services[{index}].Tls"
                yield where, f"calls are plain in {stack.environment}; add the private CA's authority by override"


def volume_encryption(stack: Stack) -> Iterator[Fault]:
    for name, task in stack.resources("AWS::ECS::TaskDefinition"):
        for index, volume in enumerate(task.get("Volumes") or []):
            efs = volume.get("EFSVolumeConfiguration")
            if efs and efs.get("TransitEncryption") != "ENABLED":
                where = f"Resources.{name}.Properties.Volumes[{index}].EFSVolumeConfiguration.TransitEncryption"
                yield where, "files would travel in the clear; write ENABLED"


def document_database(stack: Stack) -> Iterator[Fault]:
    groups = dict(stack.resources("AWS::DocDB::DBClusterParameterGroup"))
    for name, group in groups.items():
        written = at(group, "Parameters.tls")
        if written != "tls1.3+":
            yield f"Resources.{name}.Properties.Parameters.tls", f"it is {written!r}; write 'tls1.3+'"
    for name, cluster in stack.resources("AWS::DocDB::DBCluster"):
        if at(cluster, "DBClusterParameterGroupName.Ref") not in groups:
            where = f"Resources.{name}.Properties.DBClusterParameterGroupName"
            yield where, "the default group allows TLS 1.2; refer to a parameter group of this template"
        if cluster.get("StorageEncrypted") is not True:
            yield f"Resources.{name}.Properties.StorageEncrypted", "documents lie in the clear; write true"


def cache(stack: Stack) -> Iterator[Fault]:
    for name, group in stack.resources("AWS::ElastiCache::ReplicationGroup"):
        for field in ("TransitEncryptionEnabled", "AtRestEncryptionEnabled"):
            if not is_true(group.get(field)):
                yield f"Resources.{name}.Properties.{field}", "the cache holds sessions; write true"
        if group.get("TransitEncryptionMode", "required") != "required":
            yield f"Resources.{name}.Properties.TransitEncryptionMode", "plain connections are accepted; write required"


def search_domain(stack: Stack) -> Iterator[Fault]:
    for name, domain in stack.resources("AWS::OpenSearchService::Domain"):
        options = domain.get("DomainEndpointOptions") or {}
        where = f"Resources.{name}.Properties"
        if options.get("TLSSecurityPolicy") not in SEARCH_POLICIES:
            advice = f"{options.get('TLSSecurityPolicy')} has no TLS 1.3; write {SEARCH_POLICIES[0]}"
            yield f"{where}.DomainEndpointOptions.TLSSecurityPolicy", advice
        if not is_true(options.get("EnforceHTTPS")):
            yield f"{where}.DomainEndpointOptions.EnforceHTTPS", "plain HTTP is answered; write true"
        for field in ("NodeToNodeEncryptionOptions", "EncryptionAtRestOptions"):
            if not is_true(at(domain, f"{field}.Enabled")):
                yield f"{where}.{field}.Enabled", "the index is stored or sent unencrypted; write true"


def mail_delivery(stack: Stack) -> Iterator[Fault]:
    for name, each in stack.resources("AWS::SES::ConfigurationSet"):
        if at(each, "DeliveryOptions.TlsPolicy") != "REQUIRE":
            where = f"Resources.{name}.Properties.DeliveryOptions.TlsPolicy"
            yield where, "mail may leave in the clear; write REQUIRE"


RULES: tuple[Callable[[Stack], Iterator[Fault]], ...] = (
    lambda_runtimes,
    listener_policies,
    service_connect_tls,
    volume_encryption,
    document_database,
    cache,
    search_domain,
    mail_delivery,
)
