#!/usr/bin/env python3
"""Our AWS modules take over what the reference's modules made: migration.py TOOL TREE

Applies modules with the reference's addresses, locks the health check as its function does, puts our modules in their place and looks at the
plan: what is moved, what goes, and that the lock stays. TREE is a copy of this repository's terraform/, infra/ and tests/terraform.
"""

import json
import os
import pathlib
import subprocess
import sys

PROVIDERS = """
provider "aws" {
  region = "us-west-2"
}

provider "aws" {
  alias  = "route53_region"
  region = "us-east-1"
}
"""

REFERENCE = """
module "global-dns" {
  source = "../tests/terraform/migration/reference-dns"
}

module "dr-failover-lambda" {
  source    = "../tests/terraform/migration/reference-failover"
  providers = { aws = aws, aws.route53_region = aws.route53_region }
}
"""

OURS = """
module "global-dns" {
  source                      = "../terraform/modules/aws-global-dns"
  zone_name                   = "example.com"
  zone_id                     = "Z0EXAMPLE"
  global_logscale_hostname    = "logscale"
  primary_logscale_hostname   = "logscale-primary"
  secondary_logscale_hostname = "logscale-secondary"
}

module "dr-failover-lambda" {
  source                    = "../terraform/modules/aws-failover"
  providers                 = { aws = aws, aws.route53_region = aws.route53_region }
  name_prefix               = "standby-dr-failover"
  cluster_name              = "standby"
  cluster_region            = "us-west-2"
  primary_health_check_id   = "11111111-2222-3333-4444-555555555555"
  primary_health_check_fqdn = "logscale-primary.example.com"
  cooldown_ssm_parameter    = "/standby-dr-failover/last-failover-time"
  package                   = "../terraform/modules/aws-failover/tests/package.txt"
}
"""

# What the plan takes away, and nothing else.
GONE = {
    "module.dr-failover-lambda.aws_iam_role_policy_attachment.lambda_basic[0]",
    "module.dr-failover-lambda.aws_eks_access_policy_association.lambda[0]",
}


def run(tool, folder, *arguments):
    """The output of the tool, which must succeed."""
    done = subprocess.run([tool, *arguments, "-no-color"], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(arguments)}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def lock(world):
    """What the reference's function does to the primary's health check."""
    for path in world.glob("aws_route53_health_check.*.json"):
        check = json.loads(path.read_text(encoding="utf-8"))
        if check["type"] == "HTTPS":
            check["fqdn"] = "failover-locked.invalid"
            path.write_text(json.dumps(check, indent=2), encoding="utf-8")


def main():
    tool, tree = sys.argv[1], pathlib.Path(sys.argv[2])
    root, world = tree / "migration", tree / "migration-world"
    root.mkdir()
    world.mkdir()
    os.environ["HOLDFAST_WORLD"] = str(world)
    (root / "main.tf").write_text(PROVIDERS + REFERENCE, encoding="utf-8")
    run(tool, root, "init")
    run(tool, root, "apply", "-auto-approve")
    lock(world)
    (root / "main.tf").write_text(PROVIDERS + OURS, encoding="utf-8")
    run(tool, root, "init")
    run(tool, root, "plan", "-out=plan")
    plan = json.loads(run(tool, root, "show", "-json", "plan"))
    changes = {change["address"]: change for change in plan["resource_changes"] if change["mode"] == "managed"}
    gone = {address for address, change in changes.items() if "delete" in change["change"]["actions"]}
    moved = {address for address, change in changes.items() if change.get("previous_address")}
    dns = "module.global-dns.aws_route53"
    expected = {
        f"{dns}_health_check.primary[0]",
        f"{dns}_health_check.secondary_observed[0]",
        f"{dns}_record.primary[0]",
        f"{dns}_record.secondary[0]",
        "module.dr-failover-lambda.aws_sns_topic_policy.failover[0]",
    }
    wrong = []
    if gone != GONE:
        wrong.append(f"taken away: {sorted(gone)}")
    if moved != expected:
        wrong.append(f"moved: {sorted(moved)}")
    again = {address for address in changes if "create" in changes[address]["change"]["actions"] and "global-dns" in address}
    if again:
        wrong.append(f"made anew: {sorted(again)}")
    check = changes[f"{dns}_health_check.primary[0]"]["change"]
    if check["actions"] != ["no-op"] or check["after"]["fqdn"] != "failover-locked.invalid":
        wrong.append(f"the lock: {check['actions']}, {check['after']['fqdn']}")
    if changes[f"{dns}_record.secondary[0]"]["change"]["after"]["health_check_id"]:
        wrong.append("the secondary record keeps its health check")
    kept = changes["module.dr-failover-lambda.aws_ssm_parameter.cooldown_timestamp[0]"]["change"]["actions"]
    if kept not in (["no-op"], ["update"]):
        wrong.append(f"the parameter: {kept}")
    if wrong:
        sys.exit("\n".join(wrong))
    run(tool, root, "apply", "plan")
    print(f"migration from the reference's modules: {len(changes)} resources, {len(moved)} moved, {len(gone)} taken away")


if __name__ == "__main__":
    main()
