# Encrypted at rest by a key of its own. This protects disks and snapshots; envelope protects values from whoever can query.
resource "aws_kms_key" "database" {
  description             = "Storage of the database of ${var.application}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
}

resource "aws_db_subnet_group" "database" {
  name       = "${var.application}-envelope"
  subnet_ids = var.database_subnet_ids
}

resource "aws_db_parameter_group" "database" {
  name_prefix = "${var.application}-envelope-"
  family      = "postgres17"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "database" {
  identifier     = "${var.application}-envelope"
  engine         = "postgres"
  engine_version = "17"
  instance_class = var.database_instance_class
  db_name        = "app"
  username       = "app"

  allocated_storage     = 20
  max_allocated_storage = 200
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = aws_kms_key.database.arn

  # The password is made, kept and turned over by Secrets Manager: it is in no state file.
  manage_master_user_password = true

  db_subnet_group_name   = aws_db_subnet_group.database.name
  vpc_security_group_ids = var.database_security_group_ids
  parameter_group_name   = aws_db_parameter_group.database.name
  publicly_accessible    = false
  multi_az               = true

  # The key table `envelope_keys` is in the backups with the rows that need it.
  backup_retention_period   = 35
  copy_tags_to_snapshot     = true
  deletion_protection       = true
  skip_final_snapshot       = false
  final_snapshot_identifier = "${var.application}-envelope-final"
}
