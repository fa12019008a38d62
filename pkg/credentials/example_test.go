package credentials_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// Find the login of this machine and say what it is. Nothing is asked of anybody, and no
// token is printed. A real program has the user's home here, and leaves AuthFile out.
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

// Read one file, whatever its form, and look at what its token says.
func ExampleFile_Read() {
	home := exampleHome()
	defer os.RemoveAll(home)

	login, form, err := credentials.File{Path: filepath.Join(home, "auth.json")}.Read(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(form, login.ExpiresAt.Year(), login.Dead(time.Now()))
	_, err = login.AccessClaims()
	fmt.Println(errors.Is(err, credentials.ErrNotJWT))
	// Output:
	// langchain 2999 false
	// true
}

// Change one field of a store. Everything else in it stays byte for byte, and no reader
// ever sees half a file.
func ExampleFile_Prepare() {
	home := exampleHome()
	defer os.RemoveAll(home)
	ctx := context.Background()
	file := credentials.File{Path: filepath.Join(home, "auth.json")}

	lock, err := file.Lock(ctx, credentials.DefaultLockWait)
	if err != nil {
		log.Fatal(err)
	}
	defer lock.Unlock()
	login, _, err := file.Read(ctx)
	if err != nil {
		log.Fatal(err)
	}
	pending, err := file.Prepare(ctx) // a full disk shows here
	if err != nil {
		log.Fatal(err)
	}
	login.AccessToken = credentials.NewSecret("another")
	if err := pending.Commit(ctx, login); err != nil {
		log.Fatal(err)
	}
	stored, err := os.ReadFile(file.Path)
	fmt.Println(string(stored), err)
	// Output: {"access_token": "another", "expires_at": "2999-01-01T00:00:00+00:00", "plan_type": "plus"} <nil>
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
