data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  root = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root"
}

# The key that wraps data keys. AWS turns its material over once a year; what older material wrapped still unwraps, and the ARN stays.
resource "aws_kms_key" "envelope" {
  description             = "Wraps the data keys of ${var.application}"
  enable_key_rotation     = true
  rotation_period_in_days = 365
  # Time to notice: with the key, everything that it wraps is lost.
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key.json

  lifecycle {
    prevent_destroy = true
  }
}

# For people. The application is configured with the key's ARN: an alias can be moved to another key.
resource "aws_kms_alias" "envelope" {
  name          = "alias/${var.application}-envelope"
  target_key_id = aws_kms_key.envelope.key_id
}

# Says who may use the key. IAM policies alone give nothing here, except to those who administer the account.
data "aws_iam_policy_document" "key" {
  # Without this statement a key whose admins are gone can be used and deleted by nobody. It permits no use of the key.
  statement {
    sid = "AccountAdministers"
    actions = [
      "kms:DescribeKey",
      "kms:GetKeyPolicy",
      "kms:GetKeyRotationStatus",
      "kms:ListResourceTags",
      "kms:PutKeyPolicy",
      "kms:EnableKeyRotation",
      "kms:TagResource",
      "kms:UntagResource",
      "kms:UpdateKeyDescription",
      "kms:CreateAlias",
      "kms:UpdateAlias",
      "kms:DeleteAlias",
      "kms:EnableKey",
      "kms:CancelKeyDeletion",
    ]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [local.root]
    }
  }

  # What `AwsKms` does day by day, and for this application's data keys only.
  statement {
    sid       = "ApplicationUses"
    actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.application.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:envelope:application"
      values   = [var.application]
    }

    # And no other context than FORMAT.md#encryption-context has.
    condition {
      test     = "ForAllValues:StringEquals"
      variable = "kms:EncryptionContextKeys"
      values = [
        "envelope:application",
        "envelope:key-id",
        "envelope:purpose",
        "envelope:tenant",
      ]
    }
  }

  # `Keyring::rewrap` moves data keys to another KMS key inside the service: the admin never sees one.
  statement {
    sid       = "AdminRewraps"
    actions   = ["kms:ReEncryptFrom", "kms:ReEncryptTo"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.key_admin.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:envelope:application"
      values   = [var.application]
    }
  }

  statement {
    sid = "AdminAdministers"
    actions = [
      "kms:DescribeKey",
      "kms:GetKeyPolicy",
      "kms:GetKeyRotationStatus",
      "kms:ListKeyRotations",
      "kms:RotateKeyOnDemand",
      "kms:DisableKey",
      "kms:EnableKey",
      "kms:ScheduleKeyDeletion",
      "kms:CancelKeyDeletion",
    ]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.key_admin.arn]
    }
  }
}
