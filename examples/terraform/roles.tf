# Two roles that nobody should have both of: one uses data keys, the other moves and administers what wraps them.

resource "aws_iam_role" "application" {
  name               = "${var.application}-envelope"
  assume_role_policy = data.aws_iam_policy_document.application_trust.json
}

data "aws_iam_policy_document" "application_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [var.application_service]
    }
  }
}

resource "aws_iam_role" "key_admin" {
  name               = "${var.application}-envelope-key-admin"
  assume_role_policy = data.aws_iam_policy_document.key_admin_trust.json
}

data "aws_iam_policy_document" "key_admin_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = var.key_admin_principals
    }

    condition {
      test     = "Bool"
      variable = "aws:MultiFactorAuthPresent"
      values   = ["true"]
    }
  }
}
