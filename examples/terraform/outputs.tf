output "key_arn" {
  description = "For the application's configuration, `provider.key`."
  value       = aws_kms_key.envelope.arn
}

output "application_role_arn" {
  description = "The role that the application runs as."
  value       = aws_iam_role.application.arn
}

output "key_admin_role_arn" {
  description = "The role that rewraps data keys and administers the KMS key."
  value       = aws_iam_role.key_admin.arn
}

output "database_endpoint" {
  description = "Where the database listens."
  value       = aws_db_instance.database.endpoint
}
