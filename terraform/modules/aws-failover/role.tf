# What the function may do on AWS, and in the cluster.

locals {
  # The one source of the policy: the simulator enforces the same file.
  shipped_policy = jsondecode(templatefile("${path.module}/../../../infra/aws/policy.json", {
    account_id              = local.account_id
    standby_region          = var.cluster_region
    primary_health_check_id = local.health_check_id
    cooldown_parameter      = trimprefix(local.parameter, "/")
    cluster_name            = var.cluster_name
  }))

  # Where another account has the health check, these are the rights of the role there: output dns_role_policy.
  dns_statements = ["LockTraffic", "ReadMetrics"]

  access_policy = merge(local.shipped_policy, {
    Statement = [for statement in local.shipped_policy.Statement : statement if var.dns_role_arn == null || !contains(local.dns_statements, statement.Sid)]
  })

  dns_role_policy = merge(local.shipped_policy, {
    Statement = concat(
      [for statement in local.shipped_policy.Statement : statement if contains(local.dns_statements, statement.Sid)],
      local.secondary_statements,
    )
  })

  secondary_statements = [for id in local.gate_on_secondary ? [local.secondary_id] : [] : {
    Sid      = "ReadSecondary"
    Effect   = "Allow"
    Action   = "route53:GetHealthCheckStatus"
    Resource = "arn:aws:route53:::healthcheck/${id}"
  }]

  own_statements = concat(
    [
      {
        Sid      = "WriteLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:aws:logs:${var.cluster_region}:${local.account_id}:log-group:${local.log_group}:*"
      },
      {
        Sid      = "KeepFailedEvents"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = one(aws_sqs_queue.failed_events[*].arn)
      },
      {
        Sid      = "ReadEnvironment"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = one(aws_kms_key.lambda[*].arn)
      },
    ],
    [for arn in var.dns_role_arn[*] : {
      Sid      = "AssumeDnsRole"
      Effect   = "Allow"
      Action   = "sts:AssumeRole"
      Resource = arn
    }],
    var.dns_role_arn == null ? local.secondary_statements : [],
    flatten([for arn in var.messages_topic_arn[*] : jsondecode(templatefile("${path.module}/../../../infra/aws/policy-topic.json", { notify_topic_arn = arn })).Statement]),
  )

  # AWS knows no narrower resource for attaching a function to a VPC. The condition keeps the function's own code from using it.
  vpc_statements = [for _ in var.vpc[*] : {
    Sid    = "AttachToVpc"
    Effect = "Allow"
    Action = [
      "ec2:AssignPrivateIpAddresses",
      "ec2:CreateNetworkInterface",
      "ec2:DeleteNetworkInterface",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSubnets",
      "ec2:UnassignPrivateIpAddresses",
    ]
    Resource = "*"
  }]

  vpc_denials = [for _ in var.vpc[*] : {
    Sid       = "AttachmentIsLambdasWork"
    Effect    = "Deny"
    Action    = local.vpc_statements[0].Action
    Resource  = "*"
    Condition = { ArnEquals = { "lambda:SourceFunctionArn" = local.function_arn } }
  }]
}

resource "aws_iam_role" "lambda" {
  count = local.count

  name = "${var.name_prefix}-lambda"
  tags = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })

  depends_on = [terraform_data.preconditions]
}

# infra/aws/policy.json.
resource "aws_iam_role_policy" "lambda_access" {
  count = local.count

  name   = "${var.name_prefix}-lambda-access"
  role   = aws_iam_role.lambda[0].id
  policy = jsonencode(local.access_policy)
}

# What comes with the resources of this module.
resource "aws_iam_role_policy" "lambda_own" {
  count = local.count

  name = "${var.name_prefix}-lambda-own"
  role = aws_iam_role.lambda[0].id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.own_statements, local.vpc_statements, local.vpc_denials)
  })
}

# Encrypts the function's environment. Nothing else: the log must stay readable after promotion has taken the key away.
resource "aws_kms_key" "lambda" {
  count = local.count

  description             = "Environment of ${local.function_name}"
  deletion_window_in_days = 30
  enable_key_rotation     = true
  tags                    = var.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TheAccountAdministersIt"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${local.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "TheFunctionReads"
        Effect    = "Allow"
        Principal = { AWS = aws_iam_role.lambda[0].arn }
        Action    = "kms:Decrypt"
        Resource  = "*"
        Condition = { StringEquals = { "kms:ViaService" = "lambda.${var.cluster_region}.amazonaws.com" } }
      },
    ]
  })
}

resource "aws_kms_alias" "lambda" {
  count = local.count

  name          = "alias/${var.name_prefix}-lambda"
  target_key_id = aws_kms_key.lambda[0].key_id
}

# The function's way into the cluster: a group, which the RoleBinding of infra/kubernetes binds to the Role there. No access policy of AWS:
# these give secrets and exec in the namespace, and neither the HumioCluster nor a Lease.
resource "aws_eks_access_entry" "lambda" {
  count = local.count

  cluster_name      = var.cluster_name
  principal_arn     = aws_iam_role.lambda[0].arn
  type              = "STANDARD"
  kubernetes_groups = [var.kubernetes_group]
  tags              = var.tags
}
