terraform {
  required_providers {
    # Uses none. OpenTofu gives this module the providers of the test file, and takes one called `oci` for hashicorp/oci where nobody says more.
    oci = {
      source = "oracle/oci"
    }
  }
}
