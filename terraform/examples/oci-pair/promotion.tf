# What this site's LogScale is told by its dr: hand it to the modules that make it. Promotion changes these values and removes
# module.failover; README.md has the table.

locals {
  active = var.dr == "active"

  # Phase 1 of a promotion sends traffic to every LogScale pod, phase 2 to the pools.
  pool_selector = {
    for service, pool in { ui = "ui", ingest = "ingest-only" } : service => merge(
      { "app.kubernetes.io/name" = "humio" },
      var.dr_use_dedicated_routing ? { "humio.com/node-pool" = "${var.humiocluster_name}-${pool}" } : {},
    )
  }

  logscale = {
    # A standby at rest has 0, and 1 after a failover: the function's business, which an apply must not undo.
    operator_replicas  = local.active ? 1 : null
    node_count         = local.active ? var.node_count : 1
    node_pools         = local.active ? ["ui", "ingest-only"] : []
    replication_factor = local.active ? var.replication_factor : 1
    enable_alerts      = local.active
    recover_from       = !local.active
    service_selectors  = local.pool_selector
  }
}
