# One page for the day on which it counts, in the standby's region: the primary as Traffic Manager sees it, and what the function's log says
# (docs/CONFIGURATION.md, "What it writes").

locals {
  # Each reads the lines of told.tf, so that alerts and page cannot differ.
  queries = {
    failing-time = {
      title = "Proven failing time (s); the holdoff is ${var.dr_failover_function_pre_failover_failure_seconds} s"
      chart = "Line"
      query = "${local.lines}| where isnotnull(line.failing_for_s) | summarize failing_for_s = max(todouble(line.failing_for_s)) by bin(TimeGenerated, 1m)"
    }
    answers = {
      title = "Answers by outcome"
      chart = "StackedColumn"
      query = "${local.lines}| where isnotempty(outcome) | summarize answers = count() by bin(TimeGenerated, 5m), outcome"
    }
    owed-and-begun = {
      title = "Executions begun, calls after which steps are owed, ticks of a paused site"
      chart = "Line"
      query = "${local.lines}| summarize begun = countif(says endswith \" begins\" and isnotnull(line.fence)), owed = countif(outcome in (\"owed\", \"failed\")), paused = countif(outcome == \"refused\" and tobool(line.paused)) by bin(TimeGenerated, 5m)"
    }
    errors = {
      title = "Errors of the function"
      chart = "StackedColumn"
      query = "${local.told.function-errors.query}| summarize errors = count() by bin(TimeGenerated, 5m), OperationName"
    }
    log = {
      title = "What the function says"
      chart = null
      query = "${local.lines}| project TimeGenerated, level = tostring(line.level), outcome, says, execution | sort by TimeGenerated desc | take 50"
    }
  }

  # Columns and rows of the page.
  places = {
    failing-time   = { x = 6, y = 0, colSpan = 6, rowSpan = 4 }
    answers        = { x = 0, y = 4, colSpan = 6, rowSpan = 4 }
    owed-and-begun = { x = 6, y = 4, colSpan = 6, rowSpan = 4 }
    errors         = { x = 0, y = 8, colSpan = 12, rowSpan = 3 }
    log            = { x = 0, y = 11, colSpan = 12, rowSpan = 5 }
  }

  primary_part = {
    position = { x = 0, y = 0, colSpan = 6, rowSpan = 4 }
    metadata = {
      type   = "Extension/HubsExtension/PartType/MonitorChartPart"
      inputs = [{ name = "sharedTimeRange", isOptional = true }, { name = "options", isOptional = true }]
      settings = { content = { options = { chart = {
        title         = "Endpoints, as Traffic Manager sees them (1 online, 0 not)"
        titleKind     = 2
        visualization = { chartType = 2 }
        metrics = [{
          resourceMetadata = { id = var.traffic_manager_profile_id }
          namespace        = "microsoft.network/trafficmanagerprofiles"
          name             = azurerm_monitor_metric_alert.primary_unhealthy.criteria[0].metric_name
          # 3 is the minimum.
          aggregationType     = 3
          metricVisualization = { displayName = "state" }
        }]
        grouping = { dimension = "EndpointName", sort = 2, top = 10 }
      } } } }
    }
  }

  query_parts = [for name, widget in local.queries : {
    position = local.places[name]
    metadata = {
      type = "Extension/Microsoft_OperationsManagementSuite_Workspace/PartType/LogsDashboardPart"
      inputs = [for input, value in {
        ComponentId             = var.log_analytics_workspace_id
        Scope                   = { resourceIds = [var.log_analytics_workspace_id] }
        resourceTypeMode        = "workspace"
        Version                 = "2.0"
        TimeRange               = "P1D"
        PartId                  = uuidv5("url", "${var.name}/${name}")
        Query                   = widget.query
        ControlType             = widget.chart == null ? "AnalyticsGrid" : "FrameControlChart"
        SpecificChart           = widget.chart
        PartTitle               = widget.title
        PartSubTitle            = var.name
        IsQueryContainTimeRange = false
      } : { name = input, value = value, isOptional = true } if value != null]
      settings = {}
    }
  }]

  parts = concat([local.primary_part], local.query_parts)
}

resource "azurerm_portal_dashboard" "this" {
  name                = "${var.name}-dashboard"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = merge(var.tags, { hidden-title = var.name })

  dashboard_properties = jsonencode({
    lenses   = { "0" = { order = 0, parts = { for index, part in local.parts : tostring(index) => part } } }
    metadata = { model = {} }
  })
}
