terraform {
  required_version = ">= 1.9"

  required_providers {
    # Hand over the provider of the account that owns the zone: `providers = { aws = aws.dns }`.
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0, < 7.0"
    }
  }
}
