# For tests: somebody changes an attribute outside of Terraform. It edits the file that the schema provider keeps of each resource of the type
# (tests/terraform/provider/world.go). A run of a test uses it as its module, between two runs of the module under test.
variable "type" {
  description = "Type of the resources that are changed."
  type        = string
}

variable "attribute" {
  description = "The attribute."
  type        = string
}

variable "value" {
  description = "Its new value, as JSON."
  type        = string
}

variable "where" {
  description = "Which resources of the type: the values that some of their attributes have."
  type        = map(string)
  default     = {}
}

resource "terraform_data" "change" {
  triggers_replace = [var.type, var.attribute, var.value, var.where]

  provisioner "local-exec" {
    interpreter = ["python3", "-c"]
    command     = <<-PYTHON
      import glob, json, os
      files = glob.glob(os.path.join(os.environ["HOLDFAST_WORLD"], os.environ["CHANGE_TYPE"] + ".*.json"))
      changed = 0
      for path in files:
          with open(path) as file:
              resource = json.load(file)
          if any(resource[name] != value for name, value in json.loads(os.environ["CHANGE_WHERE"]).items()):
              continue
          resource[os.environ["CHANGE_ATTRIBUTE"]] = json.loads(os.environ["CHANGE_VALUE"])
          with open(path, "w") as file:
              json.dump(resource, file, indent=2)
          changed += 1
      assert changed, f"nothing to change among {files}"
    PYTHON
    environment = {
      CHANGE_TYPE      = var.type
      CHANGE_ATTRIBUTE = var.attribute
      CHANGE_VALUE     = var.value
      CHANGE_WHERE     = jsonencode(var.where)
    }
  }
}
