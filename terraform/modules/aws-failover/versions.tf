terraform {
  required_version = ">= 1.9"

  required_providers {
    # aws: the standby's account and region. aws.route53_region: us-east-1 of the account that has the health checks, which may be another.
    aws = {
      source                = "hashicorp/aws"
      version               = ">= 6.0, < 7.0"
      configuration_aliases = [aws.route53_region]
    }
  }
}
