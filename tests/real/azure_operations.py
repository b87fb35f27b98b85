"""What the failover function asks of Resource Manager, Azure Monitor and AKS, asked by the Azure SDK, with every refusal
caught by the SDK's own exception class. `azure_client.py` says how it is called.
"""

import base64
import datetime
import time

import yaml
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.monitor import MonitorManagementClient
from azure.mgmt.trafficmanager import TrafficManagerManagementClient
from azure_client import credential, given, once, refused, run


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
        "interval": answer.interval,
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


run(traffic, metrics, cluster, outside)
