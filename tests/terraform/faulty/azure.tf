# says: The argument "traffic_routing_method" is required
resource "azurerm_traffic_manager_profile" "fault" {
  name                = "name"
  resource_group_name = "group"
}
