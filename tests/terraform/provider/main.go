// A provider for the tests of terraform/: it serves the schemas of hashicorp/aws, hashicorp/azurerm or oracle/oci, and keeps what is
// applied in files, so that a test can change it outside of Terraform. It talks to no cloud.
//
// # Layout
//
//   - main.go: which provider this is, by the name of the program
//   - schema.go: the schema files of schemas/, as the plugin protocol wants them
//   - server.go, resource.go, data.go: the calls of the protocol, version 6
//   - values.go: which computed values are unknown in a plan, and what they become
//   - world.go: the resources that exist, one file each
package main

import (
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// What stands before the provider's name in the name of the program, as Terraform demands it.
const prefix = "terraform-provider-"

func main() {
	// terraform-provider-aws_v6.62.0 is "aws".
	name, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(os.Args[0]), prefix), "_")
	schemas, address, err := load(name)
	if err != nil {
		log.Fatalf("the schemas of %q: %v", name, err)
	}
	server := &server{name: name, schemas: schemas, world: world{folder: os.Getenv("HOLDFAST_WORLD")}}
	if err := tf6server.Serve(address, func() tfprotov6.ProviderServer { return server }); err != nil {
		log.Fatal(err)
	}
}
