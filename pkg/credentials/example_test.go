package credentials_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// A stranger's ten lines: find the login of this machine and say what it is.
func Example() {
	home := exampleHome()
	defer os.RemoveAll(home)

	locator := credentials.Locator{Home: home, Getenv: os.Getenv, AuthFile: filepath.Join(home, "auth.json")}
	login, err := locator.Find(context.Background(), time.Now())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("plan:", login.Credential.Plan)
	fmt.Println("state:", login.State(time.Now()))
	fmt.Println("token:", login.Credential.AccessToken)
	// Output:
	// plan: plus
	// state: valid
	// token: [secret]
}

// exampleHome makes a folder with a login in it.
func exampleHome() string {
	home, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	const login = `{"access_token": "opaque", "expires_at": "2999-01-01T00:00:00+00:00", "plan_type": "plus"}`
	if err := os.WriteFile(filepath.Join(home, "auth.json"), []byte(login), 0o600); err != nil {
		log.Fatal(err)
	}
	return home
}
