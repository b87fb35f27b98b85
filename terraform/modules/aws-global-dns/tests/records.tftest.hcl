# The two records, and what belongs to neither.

provider "aws" {
  region = "eu-central-1"
}

variables {
  zone_name                   = "example.com"
  global_logscale_hostname    = "logscale"
  primary_logscale_hostname   = "logscale-primary"
  secondary_logscale_hostname = "logscale-secondary"
}

run "the_secondary_record_has_no_health_check" {
  assert {
    condition     = aws_route53_record.secondary[0].health_check_id == ""
    error_message = "The secondary record has a health check."
  }

  assert {
    condition     = aws_route53_record.secondary[0].failover_routing_policy[0].type == "SECONDARY" && aws_route53_record.primary[0].failover_routing_policy[0].type == "PRIMARY"
    error_message = "The records must be a failover pair."
  }

  assert {
    condition     = aws_route53_record.secondary[0].name == aws_route53_record.primary[0].name && aws_route53_record.primary[0].name == "logscale.example.com"
    error_message = "Both records must have the name that users type."
  }

  assert {
    condition     = aws_route53_record.primary[0].records == toset(["logscale-primary.example.com"]) && aws_route53_record.secondary[0].records == toset(["logscale-secondary.example.com"])
    error_message = "Each record must name its site."
  }

  assert {
    condition     = aws_route53_record.primary[0].ttl == 60
    error_message = "The TTL is ${aws_route53_record.primary[0].ttl}."
  }

  assert {
    condition     = aws_route53_health_check.secondary_observed[0].type == "TCP" && output.secondary_health_check_id != output.primary_health_check_id
    error_message = "The standby must be observed by a check of its own."
  }
}

run "a_zone_that_is_given_is_not_looked_up" {
  command = plan

  variables {
    zone_id = "Z0EXAMPLE"
  }

  assert {
    condition     = length(data.aws_route53_zone.this) == 0 && aws_route53_record.primary[0].zone_id == "Z0EXAMPLE"
    error_message = "The zone must be the one that was given."
  }
}

run "the_other_workspace_has_nothing" {
  variables {
    manage_global_dns = false
    dr                = "standby"
  }

  assert {
    condition     = length(aws_route53_record.primary) + length(aws_route53_record.secondary) + length(aws_route53_health_check.primary) + length(aws_route53_health_check.secondary_observed) == 0
    error_message = "A workspace that does not manage the records must have none."
  }

  assert {
    condition     = output.manages_global_dns == false && output.global_ingest_fqdn == null && output.primary_health_check_fqdn == "logscale-primary.example.com"
    error_message = "The outputs must say so."
  }
}
