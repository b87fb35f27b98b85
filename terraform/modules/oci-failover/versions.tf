terraform {
  # Validations of a variable that look at another one need 1.9.
  required_version = ">= 1.9"

  required_providers {
    oci = {
      source  = "oracle/oci"
      version = ">= 8.0, < 9.0"
      # Dynamic groups and policies can be written in the tenancy's home region only.
      configuration_aliases = [oci.home]
    }
  }
}
