# What the Kubernetes provider of Terraform would do, which cannot be fetched here. provider.py MAIN.TF WORK: WORK/main.tf is the same
# code without its resources `kubernetes_service`; WORK/services.tf has a terraform_data of the same name for each, which makes the
# Service with kubectl, and deletes it when it goes. Terraform runs what is to be done at the end of a resource only while the code
# still has it: one that the code had before stays there, with a count of 0.
import json
import os
import re
import sys

text = open(sys.argv[1], encoding="utf-8").read()
kept = sys.argv[2] + "/services.json"
known = json.load(open(kept, encoding="utf-8")) if os.path.exists(kept) else {}
there = set()


def value(block, name):
    return re.search(r'\b%s\s*=\s*(?:"([^"]*)"|(\d+))' % name, block).group(1, 2)


def first(found):
    return found[0] if found[0] is not None else int(found[1])


for found in list(re.finditer(r'^resource "kubernetes_service" "(\w+)" \{\n(.*?)^\}\n', text, re.S | re.M)):
    name, body = found.groups()
    ports = re.findall(r"\bport \{(.*?)\}", body, re.S)
    service = {
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": first(value(body, "name")), "namespace": first(value(body, "namespace")),
                     "annotations": dict(re.findall(r'"(metallb[^"]*)" = "([^"]*)"', body))},
        "spec": {"type": first(value(body, "type")), "externalTrafficPolicy": first(value(body, "external_traffic_policy")),
                 "selector": dict(re.findall(r'selector\s*= \{ "([^"]*)" = "([^"]*)" \}', body)),
                 "ports": [{"name": first(value(p, "name")), "port": first(value(p, "port")), "targetPort": first(value(p, "target_port")),
                            "protocol": "UDP" if "UDP" in p else "TCP"} for p in ports]}}
    known[name] = service
    there.add(name)
    text = text.replace(found.group(0), "")
made = ""
for name, service in sorted(known.items()):
    made += """resource "terraform_data" "%s" {
  count = %d
  input = %s
  provisioner "local-exec" {
    command     = "printf '%%s' \\"$SERVICE\\" | kubectl create --validate=false -f -"
    environment = { SERVICE = self.input }
    quiet       = true
  }
  provisioner "local-exec" {
    when    = destroy
    command = "kubectl delete service %s -n %s --wait=false"
    quiet   = true
  }
}
""" % (name, name in there, json.dumps(json.dumps(service)), service["metadata"]["name"], service["metadata"]["namespace"])
json.dump(known, open(kept, "w", encoding="utf-8"))
open(sys.argv[2] + "/main.tf", "w", encoding="utf-8").write(text)
open(sys.argv[2] + "/services.tf", "w", encoding="utf-8").write(made)
