"""What the function asks of OCI, asked by Oracle's SDK for Python as an operator with an API key; and what that SDK's own
verifier says of our signatures.

Argument: a JSON document with `parts`, the parts to run, and what they need. Output: what was seen, as JSON. The CA comes
from the environment.
"""

import datetime
import json
import sys

import oci
from cryptography.hazmat.primitives import serialization
from oci._vendor.httpsig_cffi.verify import HeaderVerifier

given = json.loads(sys.argv[1])


def client(kind):
    tenancy, user, fingerprint = given["key_id"].split("/")
    config = {"tenancy": tenancy, "user": user, "fingerprint": fingerprint, "region": given["region"]}
    config["key_content"] = given["key"]
    # One attempt, as the function makes it.
    none = oci.retry.NoneRetryStrategy()
    return kind(config, service_endpoint=given["endpoint"], retry_strategy=none)


def refused(call, *arguments, **options):
    """The HTTP status and code of a call that must end in the SDK's exception."""
    try:
        call(*arguments, **options)
    except oci.exceptions.ServiceError as error:
        return [error.status, error.code]
    raise SystemExit(f"{call.__name__}{arguments} was not refused")


def answers(policy):
    return [[answer.pool, bool(answer.is_disabled)] for answer in policy.answers]


def traffic():
    dns, policy = client(oci.dns.DnsClient), given["policy"]
    before = dns.get_steering_policy(policy)
    etag = before.headers["etag"]
    locked = before.data.answers
    for answer in locked:
        answer.is_disabled = answer.pool == "primary"
    details = oci.dns.models.UpdateSteeringPolicyDetails(
        ttl=before.data.ttl, template=before.data.template, answers=locked, rules=before.data.rules
    )
    stale = refused(dns.update_steering_policy, policy, details, if_match='"stale"')
    dns.update_steering_policy(policy, details, if_match=etag)
    again = refused(dns.update_steering_policy, policy, details, if_match=etag)
    found = dns.get_steering_policy(policy)
    return {
        "template": found.data.template, "rules": [rule.rule_type for rule in found.data.rules],
        "locked": answers(found.data), "version_changed": found.headers["etag"] != etag,
        "stale": stale, "again": again,
        "absent": refused(dns.get_steering_policy, "ocid1.dnspolicy.oc1..absent"),
    }


def history():
    monitoring = client(oci.monitoring.MonitoringClient)
    now = datetime.datetime.now(datetime.timezone.utc)
    query = f'HTTP.isHealthy[1m]{{resourceId = "{given["monitor"]}"}}.groupBy(resourceId).max()'
    details = oci.monitoring.models.SummarizeMetricsDataDetails(
        namespace="oci_healthchecks", query=query, resolution="1m",
        start_time=now - datetime.timedelta(minutes=10), end_time=now,
    )
    streams = monitoring.summarize_metrics_data(given["compartment"], details).data
    listed = monitoring.list_alarms(given["compartment"], display_name="holdfast-tick").data
    tick = monitoring.get_alarm(listed[0].id).data
    return {
        "names": [stream.name for stream in streams],
        "values": sorted({point.value for stream in streams for point in stream.aggregated_datapoints}),
        "tick": [len(listed), tick.is_enabled, tick.repeat_notification_duration],
        "elsewhere": refused(monitoring.summarize_metrics_data, "ocid1.compartment.oc1..other", details),
    }


def probes():
    checks = client(oci.healthchecks.HealthChecksClient)
    monitor = checks.get_http_monitor(given["monitor"]).data
    results = checks.list_http_probe_results(given["monitor"], limit=5, sort_order="DESC").data
    return {
        "enabled": monitor.is_enabled, "targets": monitor.targets,
        "healthy": sorted({result.is_healthy for result in results}), "count": len(results),
    }


def cluster():
    engine = client(oci.container_engine.ContainerEngineClient)
    found = engine.get_cluster(given["cluster"]).data
    details = oci.container_engine.models.CreateClusterKubeconfigContentDetails(
        token_version="2.0.0", endpoint="PRIVATE_ENDPOINT"
    )
    kubeconfig = engine.create_kubeconfig(given["cluster"], create_cluster_kubeconfig_content_details=details).data
    return {
        "state": found.lifecycle_state, "private": found.endpoints.private_endpoint,
        "authority": "certificate-authority-data" in kubeconfig.content.decode(),
    }


def signatures():
    """What the verifier says of each request that we signed, and of the same one with another date."""
    key = serialization.load_pem_private_key(given["key"].encode(), None).public_key()
    public = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def holds(one, headers):
        required = one["signed"].split()
        host = one["headers"]["host"]
        return HeaderVerifier(
            headers, public, required_headers=required, method=one["method"], path=one["target"], host=host
        ).verify()

    return [
        [holds(one, one["headers"]), holds(one, one["headers"] | {"date": "Thu, 01 Jan 1970 00:00:00 GMT"})]
        for one in given["requests"]
    ]


parts = {part.__name__: part for part in (traffic, history, probes, cluster, signatures)}
print(json.dumps({name: parts[name]() for name in given["parts"]}))
