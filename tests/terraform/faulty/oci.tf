# says: An argument named "template_name" is not expected here
resource "oci_dns_steering_policy" "fault" {
  compartment_id = "ocid1.compartment.oc1..test"
  display_name   = "name"
  template       = "FAILOVER"
  template_name  = "FAILOVER"
}
