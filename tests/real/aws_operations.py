"""The operations of the failover function, done by boto3, with every refusal caught by the SDK's own exception class.

Argument: a JSON document with `health_check`, `cluster`, `parameter` and `region`. Output: what was seen, as JSON.
Endpoint, keys and the CA come from the environment.
"""

import datetime
import json
import sys

import boto3
import botocore.exceptions

given = json.loads(sys.argv[1])
route53 = boto3.client("route53")
ssm = boto3.client("ssm", region_name=given["region"])
eks = boto3.client("eks", region_name=given["region"])
cloudwatch = boto3.client("cloudwatch", region_name="us-east-1")
check = given["health_check"]


def refused(exception, call, **arguments):
    """The HTTP status and code of a call that must end in this very exception."""
    try:
        call(**arguments)
    except exception as error:
        return [error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]]
    raise SystemExit(f"{call.__name__} was not refused")


def read():
    found = route53.get_health_check(HealthCheckId=check)["HealthCheck"]
    return [found["HealthCheckVersion"], found["HealthCheckConfig"].get("FullyQualifiedDomainName")]


def update(version, **change):
    found = route53.update_health_check(HealthCheckId=check, HealthCheckVersion=version, **change)["HealthCheck"]
    return [found["HealthCheckVersion"], found["HealthCheckConfig"].get("FullyQualifiedDomainName")]


def health_checks():
    version, name = read()
    reports = route53.get_health_check_status(HealthCheckId=check)["HealthCheckObservations"]
    seen = {
        "before": [version, name],
        "reports": [report["StatusReport"]["Status"] for report in reports],
        "checked": all(isinstance(report["StatusReport"]["CheckedTime"], datetime.datetime) for report in reports),
        "locked": update(version, FullyQualifiedDomainName="failover-locked.invalid"),
        "late": refused(
            route53.exceptions.HealthCheckVersionMismatch,
            route53.update_health_check,
            HealthCheckId=check,
            HealthCheckVersion=version,
            FullyQualifiedDomainName="too-late.invalid",
        ),
        "after_late": read(),
        "reset": refused(
            route53.exceptions.InvalidInput,
            route53.update_health_check,
            HealthCheckId=check,
            ResetElements=["FullyQualifiedDomainName"],
        ),
        "unlocked": update(version + 1, FullyQualifiedDomainName=name),
    }
    route53.update_health_check(HealthCheckId=check, ResourcePath="/other", HealthCheckVersion=version + 2)
    found = route53.update_health_check(HealthCheckId=check, ResetElements=["ResourcePath"])["HealthCheck"]
    seen["path_after_reset"] = found["HealthCheckConfig"].get("ResourcePath")
    seen["unknown"] = refused(
        route53.exceptions.NoSuchHealthCheck, route53.get_health_check, HealthCheckId="00000000-0000-4000-8000-000000000000"
    )
    return seen


def parameters():
    name = given["parameter"]
    return {
        "absent": refused(ssm.exceptions.ParameterNotFound, ssm.get_parameter, Name=name),
        "first": ssm.put_parameter(Name=name, Value="1767225600", Type="String")["Version"],
        "again": refused(ssm.exceptions.ParameterAlreadyExists, ssm.put_parameter, Name=name, Value="1", Type="String"),
        "overwritten": ssm.put_parameter(Name=name, Value="1767225900", Type="String", Overwrite=True)["Version"],
        "read": ssm.get_parameter(Name=name)["Parameter"]["Value"],
        "empty": refused(
            botocore.exceptions.ClientError, ssm.put_parameter, Name=name, Value="", Type="String", Overwrite=True
        ),
    }


def clusters():
    found = eks.describe_cluster(name=given["cluster"])["cluster"]
    return {
        "endpoint": found["endpoint"],
        "status": found["status"],
        "ca": found["certificateAuthority"]["data"],
        "unknown": refused(eks.exceptions.ResourceNotFoundException, eks.describe_cluster, name="another"),
    }


def metrics():
    metric = {
        "Namespace": "AWS/Route53",
        "MetricName": "HealthCheckStatus",
        "Dimensions": [{"Name": "HealthCheckId", "Value": check}],
    }
    query = lambda stat: {
        "Id": stat.lower(),
        "MetricStat": {"Metric": metric, "Period": given["period"], "Stat": stat},
        "ReturnData": True,
    }
    now = datetime.datetime.now(datetime.timezone.utc)
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[query("Minimum"), query("Maximum")],
        StartTime=now - datetime.timedelta(seconds=given["window"]),
        EndTime=now + datetime.timedelta(seconds=given["period"]),
        ScanBy="TimestampDescending",
    )
    results = {result["Id"]: result for result in answer["MetricDataResults"]}
    aligned = all(
        int(time.timestamp()) % given["period"] == 0 for result in results.values() for time in result["Timestamps"]
    )
    return {
        "protocol": cloudwatch.meta.service_model.resolved_protocol,
        "complete": all(result["StatusCode"] == "Complete" for result in results.values()),
        "aligned": aligned,
        "minimum": results["minimum"]["Values"],
        "maximum": results["maximum"]["Values"],
        "invalid": refused(
            botocore.exceptions.ClientError,
            cloudwatch.get_metric_data,
            MetricDataQueries=[query("Minimum")],
            StartTime=now,
            EndTime=now,
        ),
    }


parts = {"health_checks": health_checks, "parameters": parameters, "clusters": clusters, "metrics": metrics}
print(json.dumps({name: parts[name]() for name in given["parts"]}))
