terraform {
  required_version = ">= 1.9"

  # Both workspaces need a backend that outlives a region: for example an S3 bucket in a third region.
  # backend "s3" {}

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0, < 7.0"
    }
  }
}

provider "aws" {
  region = var.region
}

# Route 53 keeps the metrics of health checks in us-east-1. Where the zone is in another account, give this provider a role there.
provider "aws" {
  alias  = "route53_region"
  region = "us-east-1"
}
