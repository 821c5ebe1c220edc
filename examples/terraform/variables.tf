variable "application" {
  description = "The application's name, as its configuration has it. Every data key is bound to it; it can never be changed."
  type        = string

  validation {
    # No wildcard may get into the conditions of the policies.
    condition     = can(regex("^[a-z0-9][a-z0-9-]{0,62}$", var.application))
    error_message = "Lower-case letters, digits and hyphens, 63 at most."
  }
}

variable "application_service" {
  description = "The AWS service that runs the application and assumes its role for it."
  type        = string
  default     = "ecs-tasks.amazonaws.com"
}

variable "key_admin_principals" {
  description = "ARNs of who may rewrap data keys and administer the key. None of them should be able to read the application's rows."
  type        = list(string)
}

variable "database_subnet_ids" {
  description = "Private subnets in at least two availability zones."
  type        = list(string)
}

variable "database_security_group_ids" {
  description = "Security groups that admit the application's, and nobody else, to port 5432."
  type        = list(string)
}

variable "database_instance_class" {
  description = "The class of the database's instance."
  type        = string
  default     = "db.t4g.medium"
}
