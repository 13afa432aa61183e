variable "hosts" {
  description = "The names that the ingress answers for."
  type        = list(string)
  default     = ["home.example.net", "immich.example.net", "vault.example.net"]
}
