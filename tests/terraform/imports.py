#!/usr/bin/env python3
"""Our global DNS on Azure and OCI takes over what the reference's modules made: imports.py TOOL TREE

Does what the READMEs of terraform/examples/azure-pair and oci-pair say, with the import blocks that stand there: takes the reference's
resources out of its state, imports them, and looks at the plan. They are made by the schema provider, and locked as the function does it. TREE
is a copy of this repository's terraform/, infra/ and tests/terraform.
"""

import json
import os
import pathlib
import re
import sys

from migration import run

IMPORT = re.compile(r'import \{\n  to = (?P<to>\S+)\n  id = "[^"]+"\n\}')

AZURE = """
provider "azurerm" {
  features {}
}

module "global_dns" {
  source                        = "../terraform/modules/azure-global-dns"
  manage_global_dns             = true
  other_site_manages_global_dns = false
  name                          = "logs-example-org"
  resource_group_name           = "logs-standby"
  primary_region                = "northeurope"
  global_hostname               = "logs.example.org"
  primary_target                = "192.0.2.10"
  secondary_target              = "198.51.100.10"
}
"""

OCI = """
terraform {
  required_providers {
    oci = { source = "oracle/oci" }
  }
}

provider "oci" {}

module "global_dns" {
  source                        = "../terraform/modules/oci-global-dns"
  manage_global_dns             = true
  other_site_manages_global_dns = false
  name                          = "logs"
  compartment_id                = "ocid1.compartment.oc1..example"
  region                        = "us-chicago-1"
  primary_region                = "us-ashburn-1"
  zone_id                       = "ocid1.dns-zone.oc1..example"
  global_hostname               = "logs.example.org"
  primary_address               = "192.0.2.10"
  secondary_address             = "198.51.100.10"
}
"""


def reference(cloud, ours):
    """A configuration of the reference's module in the place of ours, under the same provider."""
    provider = ours[: ours.index("module")]
    return provider + f'module "global-dns" {{\n  source = "../tests/terraform/migration/reference-{cloud}-dns"\n}}\n'


REMOVED = """
removed {
  from = module.global-dns

  lifecycle {
    destroy = false
  }
}
"""


def existing(world, kind):
    """The resources of a type, each with its file."""
    return {path: json.loads(path.read_text(encoding="utf-8")) for path in world.glob(f"{kind}.*.json")}


def lock_azure(world):
    """The function disables the primary's endpoint."""
    for path, endpoint in existing(world, "azurerm_traffic_manager_external_endpoint").items():
        endpoint["enabled"] = endpoint["name"] != "primary"
        path.write_text(json.dumps(endpoint), encoding="utf-8")


def lock_oci(world):
    """The function disables the primary's answer and puts the secondary's into service."""
    for path, policy in existing(world, "oci_dns_steering_policy").items():
        for answer in policy["answers"]:
            answer["is_disabled"] = answer["pool"] == "primary"
        path.write_text(json.dumps(policy), encoding="utf-8")


def imports(readme, world):
    """The import blocks of a README with the ids of what exists."""
    blocks = ""
    for to in (match["to"] for match in IMPORT.finditer(readme)):
        kind, name = to.split(".")[-2:]
        found = existing(world, kind).values()
        (one,) = [each for each in found if len(found) == 1 or each["name"] == name.removesuffix("[0]")]
        blocks += f'import {{\n  to = {to}\n  id = "{one["id"]}"\n}}\n\n'
    return blocks


def wrong_azure(changes):
    """What is not as the README promises."""
    endpoints = {address: change["after"]["enabled"] for address, change in changes.items() if "endpoint" in address}
    expected = {"primary": False, "secondary": True}
    if endpoints != {f"module.global_dns.azurerm_traffic_manager_external_endpoint.{name}[0]": on for name, on in expected.items()}:
        yield f"the lock: {endpoints}"
    yield from not_as_expected(changes, made=set())


def wrong_oci(changes):
    """What is not as the README promises."""
    policy = changes["module.global_dns.oci_dns_steering_policy.this[0]"]
    if policy["after"]["answers"] != policy["before"]["answers"]:
        yield f"the lock: {policy['after']['answers']}"
    rules = [rule["rule_type"] for rule in policy["after"]["rules"]]
    if rules != ["FILTER", "PRIORITY", "LIMIT"]:
        yield f"the rules: {rules}"
    # What the README warns of: an attribute that is computed is not taken away by leaving it out.
    if not policy["after"]["health_check_monitor_id"]:
        yield "the policy lost its monitor: say so in the README of oci-pair"
    yield from not_as_expected(changes, made={"module.global_dns.oci_health_checks_http_monitor.primary[0]"})


def not_as_expected(changes, made):
    """What is destroyed, replaced or made beside what the README names."""
    for address, change in changes.items():
        actions, allowed = change["actions"], {("create",)} if address in made else {("no-op",), ("update",)}
        if tuple(actions) not in allowed:
            yield f"{address}: {actions}"


def take_over(tool, tree, cloud, ours, lock, wrong):
    """The whole way for one cloud; returns how many resources were imported."""
    root, world = tree / f"imports-{cloud}", tree / f"imports-{cloud}-world"
    for folder in (root, world):
        folder.mkdir()
    os.environ["HOLDFAST_WORLD"] = str(world)
    main = root / "main.tf"

    def apply(configuration, *steps):
        main.write_text(configuration, encoding="utf-8")
        run(tool, root, "init")
        run(tool, root, *steps)

    apply(reference(cloud, ours), "apply", "-auto-approve")
    lock(world)
    made = {path.name for path in world.iterdir()}
    apply(ours[: ours.index("module")] + REMOVED, "apply", "-auto-approve")
    if {path.name for path in world.iterdir()} != made:
        sys.exit(f"{cloud}: taking resources out of the state has destroyed some")
    readme = (tree / f"terraform/examples/{cloud}-pair/README.md").read_text(encoding="utf-8")
    blocks = imports(readme, world)
    apply(ours + blocks, "plan", "-out=plan")
    plan = json.loads(run(tool, root, "show", "-json", "plan"))
    changes = {change["address"]: change["change"] for change in plan["resource_changes"] if change["mode"] == "managed"}
    faults = list(wrong(changes))
    imported = [address for address, change in changes.items() if change.get("importing")]
    if len(imported) != blocks.count("import {") or not imported:
        faults.append(f"imported: {imported}")
    if faults:
        sys.exit("\n".join(f"{cloud}: {fault}" for fault in faults))
    run(tool, root, "apply", "plan")
    return len(imported)


def main():
    tool, tree = sys.argv[1], pathlib.Path(sys.argv[2])
    azure = take_over(tool, tree, "azure", AZURE, lock_azure, wrong_azure)
    oci = take_over(tool, tree, "oci", OCI, lock_oci, wrong_oci)
    print(f"import from the reference's modules: {azure} resources on Azure, {oci} on OCI, each with its lock")


if __name__ == "__main__":
    main()
