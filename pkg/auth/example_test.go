package auth_test

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/codexctl/codexctl/pkg/auth"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// Call the backend with the login of this machine. Where the login lies, whether it has to
// be renewed and which headers it takes is no concern of the program. A real one has
// credentials.Locator{Home: home, Getenv: os.Getenv}, and an HTTP client of its own.
func Example() {
	person := newPerson()
	defer person.leave()
	ctx := context.Background()

	source, err := auth.Open(ctx, credentials.Locator{AuthFile: person.signIn().Path}, person.issuer)
	if err != nil {
		log.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://chatgpt.com/backend-api/wham/usage", nil)
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("User-Agent", "example/1.0") // the edge network refuses generic names
	if err := source.Authorize(req); err != nil {
		log.Fatal(err)
	}
	resp, err := person.issuer.HTTPClient.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status)
	// Output: 200 OK
}
