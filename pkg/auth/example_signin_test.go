package auth_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/codexctl/codexctl/pkg/auth"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// Sign in with a browser, and keep the login where LangChain keeps its own. It is
// only compiled here: it would wait for a person.
func ExampleBrowserLogin() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()

	home, err := os.UserHomeDir()
	if err != nil {
		log.Fatal(err)
	}
	keeper := auth.Keeper{File: credentials.Locator{Home: home}.Target()}
	login := auth.BrowserLogin{
		Show:  func(address string) { fmt.Println("open", address) },
		Store: keeper.Store,
	}
	c, err := login.Login(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("signed in with plan", c.Plan)
}

// Sign in with a code, typed on another machine. It is only compiled here: it would
// wait for a person.
func ExampleDeviceLogin() {
	ctx := context.Background()
	keeper := auth.Keeper{File: credentials.File{Path: "login.json"}}
	login := auth.DeviceLogin{Store: keeper.Store}

	code, err := login.Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("open", code.VerifyURL, "and enter", code.UserCode)
	if _, err := login.Wait(ctx, code); err != nil {
		log.Fatal(err)
	}
}

// Begin a device login in one process and finish it in another.
func ExampleEncodePending() {
	var login auth.DeviceLogin
	code, err := login.Start(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	data, err := auth.EncodePending(code)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(code.ID+".json", data, 0o600); err != nil {
		log.Fatal(err)
	}
}

// Forget a login and end it at the issuer.
func ExampleRevoke() {
	ctx := context.Background()
	file := credentials.File{Path: "login.json"}
	c, _, err := file.Read(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if err := auth.Revoke(ctx, auth.Config{}, c); err != nil {
		log.Print(err) // the store goes all the same
	}
	if err := file.Remove(); err != nil {
		log.Fatal(err)
	}
}
