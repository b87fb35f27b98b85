"""What the failover function asks of Azure, asked by the Azure SDK, with every refusal caught by the SDK's own
exception class.

Argument: a JSON document with `parts`, the parts to run, and what they need. Output: what was seen, as JSON. The CA
comes from the environment, and so does the identity, as in a function app, unless the document holds a `token`.
"""

import base64
import datetime
import json
import sys
import time

import yaml
from azure.core import MatchConditions
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.identity import ManagedIdentityCredential
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.monitor import MonitorManagementClient
from azure.mgmt.trafficmanager import TrafficManagerManagementClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient, TextBase64DecodePolicy, TextBase64EncodePolicy

given = json.loads(sys.argv[1])
# One attempt, as the function makes it. The version of storage's interface is the function's as well.
once = {"retry_total": 0}
storage = once | {"api_version": "2024-11-04"}


class Fixed:
    """A token that somebody else got."""

    def get_token(self, *scopes, **options):
        return AccessToken(given["token"], int(time.time()) + 3600)


credential = Fixed() if "token" in given else ManagedIdentityCredential()


def refused(exception, call, *arguments, **options):
    """The HTTP status and code of a call that must end in this very exception."""
    try:
        call(*arguments, **options)
    except HttpResponseError as error:
        if type(error) is not exception:
            raise
        return [error.status_code, getattr(error, "error_code", None) or error.error.code]
    raise SystemExit(f"{call.__name__}{arguments} was not refused")


def manager(client):
    return client(credential, given["subscription"], base_url=given["arm"], **once)


def traffic():
    """The profile and the primary's endpoint: read, locked as the function does it and as the az CLI does, unlocked."""
    client = manager(TrafficManagerManagementClient)
    place = (given["group"], given["profile"])
    primary = (*place, "ExternalEndpoints", "primary")
    words = lambda it: [it.name, it.endpoint_status, it.endpoint_monitor_status, it.priority, it.target]
    switch = lambda status: {"properties": {"endpointStatus": status}}
    profile = client.profiles.get(*place)
    whole = client.endpoints.get(*primary)
    seen = {
        "profile": [profile.name, profile.profile_status, profile.traffic_routing_method, profile.dns_config.ttl],
        "monitor": [profile.monitor_config.profile_monitor_status, profile.monitor_config.path],
        "endpoints": [words(endpoint) for endpoint in profile.endpoints],
        "before": words(whole),
        "locked": words(client.endpoints.update(*primary, switch("Disabled"))),
        "read_back": words(client.endpoints.get(*primary)),
    }
    seen["put_enabled"] = words(client.endpoints.create_or_update(*primary, whole))
    whole.endpoint_status = "Disabled"
    seen["put_disabled"] = words(client.endpoints.create_or_update(*primary, whole))
    seen["unlocked"] = words(client.endpoints.update(*primary, switch("Enabled")))
    absent = (*place, "ExternalEndpoints", "tertiary")
    seen["absent"] = refused(ResourceNotFoundError, client.endpoints.get, *absent)
    seen["update_absent"] = refused(ResourceNotFoundError, client.endpoints.update, *absent, switch("Disabled"))
    seen["invalid"] = refused(HttpResponseError, client.endpoints.update, *primary, switch("Away"))
    return seen


def metrics():
    """The state of the primary's endpoint, minute by minute."""
    client = manager(MonitorManagementClient)
    second = int(time.time())
    instant = lambda at: datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    question = {
        "timespan": f"{instant(second - second % 60 - given['window'])}/{instant(second - second % 60 + 60)}",
        "interval": "PT1M",
        "metricnames": "ProbeAgentCurrentEndpointStateByProfileResourceId",
        "aggregation": "Average,Minimum,Maximum",
        "filter": "EndpointName eq 'primary'",
    }
    ask = lambda **change: client.metrics.list(given["profile_id"], **(question | change))
    answer = ask()
    (metric,) = answer.value
    (series,) = metric.timeseries
    return {
        "name": [metric.name.value, metric.unit, metric.error_code, answer.namespace],
        "interval": answer.interval.total_seconds(),
        "labels": [[label.name.value, label.value] for label in series.metadatavalues],
        "aligned": all(point.time_stamp.second == 0 for point in series.data),
        "points": [[point.average, point.minimum, point.maximum] for point in series.data],
        "of_nobody": [len(metric.timeseries) for metric in ask(filter="EndpointName eq 'tertiary'").value],
        "unknown_metric": refused(HttpResponseError, ask, metricnames="Weather"),
        "bad_interval": refused(HttpResponseError, ask, interval="PT7S"),
        "bad_timespan": refused(HttpResponseError, ask, timespan="yesterday"),
    }


def cluster():
    """The user's kubeconfig."""
    client = manager(ContainerServiceClient).managed_clusters
    answer = client.list_cluster_user_credentials(given["group"], given["cluster"])
    (found,) = answer.kubeconfigs
    config = yaml.safe_load(bytes(found.value))
    (place,), (user,) = config["clusters"], config["users"]
    return {
        "name": found.name,
        "server": place["cluster"]["server"],
        "ca": base64.b64decode(place["cluster"]["certificate-authority-data"]).decode(),
        "command": user["user"]["exec"]["command"],
        "server_id": user["user"]["exec"]["args"][user["user"]["exec"]["args"].index("--server-id") + 1],
        "is_current": config["current-context"] in [context["name"] for context in config["contexts"]],
    }


def outside():
    """What the function may not do. An operator may; what is not there nobody finds."""
    traffic, clusters = manager(TrafficManagerManagementClient), manager(ContainerServiceClient).managed_clusters
    group, profile, cluster = given["group"], given["profile"], given["cluster"]
    calls = {
        "disable_profile": (traffic.profiles.update, group, profile, {"properties": {"profileStatus": "Disabled"}}),
        "other_profile": (traffic.profiles.get, group, "another"),
        "other_group": (traffic.profiles.get, "another", profile),
        "other_kind": (traffic.endpoints.get, group, profile, "AzureEndpoints", "primary"),
        "get_cluster": (clusters.get, group, cluster),
        "admin_credentials": (clusters.list_cluster_admin_credentials, group, cluster),
        "other_cluster": (clusters.list_cluster_user_credentials, group, "another"),
    }
    return {name: outcome(call, *arguments) for name, (call, *arguments) in calls.items()}


def outcome(call, *arguments):
    """Nothing for a success, else the exception's class, with status and code."""
    try:
        call(*arguments)
    except HttpResponseError as error:
        return [type(error).__name__, error.status_code, error.error.code]


def blobs():
    """Compare-and-set on a blob's ETag, as any client of storage does it."""
    container = BlobServiceClient(given["blobs"], credential, **storage).get_container_client("conformance")
    blob = container.get_blob_client("state/last")
    seen = {"no_container": refused(ResourceNotFoundError, blob.download_blob)}
    container.create_container()
    seen["container_again"] = refused(ResourceExistsError, container.create_container)
    seen["absent"] = refused(ResourceNotFoundError, blob.download_blob)
    change = {"overwrite": True, "match_condition": MatchConditions.IfNotModified}
    seen["change_absent"] = refused(ResourceModifiedError, blob.upload_blob, b"0", etag='"0x0"', **change)
    first = blob.upload_blob(b"1767225600")["etag"]
    seen["create_again"] = refused(ResourceExistsError, blob.upload_blob, b"1")
    second = blob.upload_blob(b"1767225900", etag=first, **change)["etag"]
    seen["late"] = refused(ResourceModifiedError, blob.upload_blob, b"2", etag=first, **change)
    found = blob.download_blob()
    seen["read"] = [found.readall().decode(), found.properties.etag == second, found.size]
    seen["properties"] = [blob.get_blob_properties().etag == second, first == second]
    blob.upload_blob(b"", overwrite=True)
    seen["empty"] = blob.download_blob().readall().decode()
    blob.delete_blob()
    seen["deleted"] = refused(ResourceNotFoundError, blob.get_blob_properties)
    return seen


def messages(name):
    encoding = {"message_encode_policy": TextBase64EncodePolicy(), "message_decode_policy": TextBase64DecodePolicy()}
    return QueueServiceClient(given["queues"], credential, **storage).get_queue_client(name, **encoding)


def receive(queue, seconds=30):
    """The next message, which may need a while to be seen."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if message := queue.receive_message(visibility_timeout=60):
            return message
        time.sleep(0.1)
    raise SystemExit(f"no message within {seconds} s")


def queues():
    """A message is put with a delay, seen, taken, changed and deleted."""
    queue = messages("conformance")
    seen = {"no_queue": refused(ResourceNotFoundError, queue.send_message, "1")}
    queue.create_queue()
    queue.send_message("hidden", visibility_timeout=3600)
    seen["hidden"] = [queue.receive_message() is None, queue.peek_messages() == []]
    queue.send_message("a < b & ü", visibility_timeout=1)
    message = receive(queue)
    seen["received"] = [message.content, message.dequeue_count]
    seen["lives"] = (message.expires_on - message.inserted_on).total_seconds()
    seen["taken"] = queue.receive_message() is None
    changed = queue.update_message(message, visibility_timeout=0, content="changed")
    seen["stale"] = refused(HttpResponseError, queue.delete_message, message.id, message.pop_receipt)
    again = receive(queue)
    seen["again"] = [again.id == message.id, again.content, again.dequeue_count]
    seen["new_receipt"] = changed.pop_receipt != message.pop_receipt
    queue.delete_message(again)
    seen["deleted"] = refused(ResourceNotFoundError, queue.delete_message, again)
    seen["too_long"] = refused(HttpResponseError, queue.send_message, "1", visibility_timeout=7 * 24 * 3600 + 1)
    return seen


def make():
    """The container and the queue of the function, and a time in the form of the reference."""
    container = BlobServiceClient(given["blobs"], credential, **storage).get_container_client(given["container"])
    for create in [container.create_container, messages(given["queue"]).create_queue]:
        try:
            create()
        except ResourceExistsError:
            pass
    container.upload_blob("reference", b"1767225600.25\n")


def left():
    """What the function's own code has left there."""
    container = BlobServiceClient(given["blobs"], credential, **storage).get_container_client(given["container"])
    queue = messages(given["queue"])
    taken = [receive(queue) for _ in range(2)]
    waited = [time.time() - message.inserted_on.timestamp() for message in taken]
    return {
        "blob": container.download_blob("last-failover").readall().decode(),
        "taken": [message.content for message in taken],
        "waited_for_the_second": waited[1] >= 2,
        "third": queue.receive_message() is not None,
    }


parts = {function.__name__: function for function in [traffic, metrics, cluster, outside, blobs, queues, make, left]}
print(json.dumps({name: parts[name]() for name in given["parts"]}))
