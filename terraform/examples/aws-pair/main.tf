# One root for both sites, applied in two workspaces: `primary` with primary.tfvars and `secondary` with secondary.tfvars.

module "global_dns" {
  source = "../../modules/aws-global-dns"

  zone_name                     = var.zone_name
  dr                            = var.dr
  manage_global_dns             = var.manage_global_dns
  other_site_manages_global_dns = var.other_site_manages_global_dns
  global_logscale_hostname      = var.global_logscale_hostname
  primary_logscale_hostname     = var.primary_logscale_hostname
  secondary_logscale_hostname   = var.secondary_logscale_hostname
  route53_record_ttl            = var.route53_record_ttl
  tags                          = var.tags
}

module "failover" {
  source = "../../modules/aws-failover"

  providers = {
    aws                = aws
    aws.route53_region = aws.route53_region
  }

  enabled                      = var.is_failover_site
  dr                           = var.dr
  name_prefix                  = substr("${var.cluster_name}-dr-failover", 0, 54)
  cluster_name                 = var.cluster_name
  cluster_region               = var.region
  humiocluster_name            = coalesce(var.humiocluster_name, var.cluster_name)
  primary_health_check_id      = var.manage_global_dns ? module.global_dns.primary_health_check_id : var.primary_health_check_id
  primary_health_check_fqdn    = module.global_dns.primary_health_check_fqdn
  global_fqdn                  = "${var.global_logscale_hostname}.${var.zone_name}"
  pre_failover_failure_seconds = var.dr_failover_lambda_pre_failover_failure_seconds
  notification_emails          = var.notification_emails
  package                      = var.package
  tags                         = var.tags
}

# Which pods the Services of LogScale choose: hand it to whatever makes them. With selectors of a pool that has no pods yet, a Service has no
# endpoints and users get 503.
locals {
  any_pod = { "app.kubernetes.io/name" = "humio" }

  selectors = {
    for pool in ["ui", "ingest"] : pool => var.dr_use_dedicated_routing ? { "humio.com/node-pool" = "${var.cluster_name}-${pool}" } : local.any_pod
  }
}
