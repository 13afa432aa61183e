resource "cloudflare_zero_trust_tunnel_cloudflared_config" "home" {
  account_id = "a1"
  tunnel_id  = "t1"

  config = {
    ingress = [
      {
        hostname = "*.example.net"
        service  = "https://10.0.20.200:443"
      },
      { service = "http_status:404" },
    ]
  }
}
