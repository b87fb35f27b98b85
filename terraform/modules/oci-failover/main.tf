# The function: an image with one static executable, in the standby's region.

resource "oci_functions_application" "this" {
  compartment_id             = var.compartment_id
  display_name               = var.name
  shape                      = var.shape
  subnet_ids                 = var.subnet_ids
  network_security_group_ids = var.network_security_group_ids
  freeform_tags              = var.freeform_tags
}

resource "oci_functions_function" "this" {
  application_id     = oci_functions_application.this.id
  display_name       = var.name
  image              = var.image
  image_digest       = var.image_digest
  memory_in_mbs      = "256" # CPU comes with memory.
  timeout_in_seconds = var.timeout_in_seconds
  config             = local.config
  freeform_tags      = var.freeform_tags

  lifecycle {
    precondition {
      condition     = local.config_bytes <= 4096
      error_message = "The function's configuration has ${local.config_bytes} bytes of keys and values; OCI takes 4096. Leave out cluster_ca_data and cluster_endpoint, or shorten settings."
    }

    precondition {
      condition     = length(setintersection(keys(var.settings), keys(local.settings))) == 0
      error_message = "settings holds ${join(", ", setintersection(keys(var.settings), keys(local.settings)))}, which this module sets from a variable of its own."
    }
  }
}
