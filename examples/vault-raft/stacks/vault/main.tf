resource "kubernetes_stateful_set" "vault" {
  metadata {
    name      = "vault"
    namespace = "vault"
  }
  spec {
    replicas     = 3
    service_name = "vault-internal"
    volume_claim_template {
      metadata { name = "data" }
      spec {
        access_modes       = ["ReadWriteOnce"]
        storage_class_name = "nfs"
        resources { requests = { storage = "10Gi" } }
      }
    }
  }
}
