package auth_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/auth"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// Sign in with a browser, and keep the login where LangChain keeps its own. A real
// program has the user's home in the locator, and neither Config nor Ports.
func ExampleBrowserLogin() {
	person := newPerson()
	defer person.leave()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()

	keeper := auth.Keeper{File: credentials.Locator{Home: person.home}.Target()}
	login := auth.BrowserLogin{
		Config: person.issuer,
		Ports:  []int{0},
		Show:   func(address string) { fmt.Println("open the address in a browser") },
		Open:   person.open,
		Store:  keeper.Store,
	}
	c, err := login.Login(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("signed in with plan", c.Plan)
	// Output:
	// open the address in a browser
	// signed in with plan plus
}

// Sign in with a code, typed on another machine.
func ExampleDeviceLogin() {
	person := newPerson()
	defer person.leave()
	ctx := context.Background()

	keeper := auth.Keeper{File: credentials.Locator{Home: person.home}.Target()}
	login := auth.DeviceLogin{Config: person.issuer, Store: keeper.Store}
	code, err := login.Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("open", code.VerifyURL, "and enter the code of", len(code.UserCode), "characters")
	c, err := login.Wait(ctx, code)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("signed in with plan", c.Plan)
	// Output:
	// open https://auth.openai.com/codex/device and enter the code of 10 characters
	// signed in with plan plus
}

// Begin a device login in one process and finish it in another.
func ExampleEncodePending() {
	person := newPerson()
	defer person.leave()
	ctx := context.Background()
	login := auth.DeviceLogin{Config: person.issuer}
	note := filepath.Join(person.home, "pending.json")

	code, err := login.Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	data, err := auth.EncodePending(code)
	if err == nil {
		err = os.WriteFile(note, data, 0o600) // it holds the secret half
	}
	if err != nil {
		log.Fatal(err)
	}

	data, err = os.ReadFile(note)
	if err != nil {
		log.Fatal(err)
	}
	if code, err = auth.DecodePending(data); err != nil {
		log.Fatal(err)
	}
	c, err := login.Wait(ctx, code)
	fmt.Println(c.Plan, err)
	// Output: plus <nil>
}

// Forget a login and end it at the issuer.
func ExampleRevoke() {
	person := newPerson()
	defer person.leave()
	ctx := context.Background()
	file := person.signIn()

	c, _, err := file.Read(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if err := auth.Revoke(ctx, person.issuer, c); err != nil {
		log.Print(err) // the store goes all the same
	}
	fmt.Println(file.Remove())
	// Output: <nil>
}

// person stands for somebody who signs in: a home, an issuer and a browser.
type person struct {
	home   string
	issuer auth.Config
	open   func(address string) error
	leave  func()

	emulator *emulator.Emulator
}

func newPerson() person {
	home, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	e := emulator.New(emulator.Config{Scene: emulator.Scene{AnyPort: true, DeviceIntervalS: 1}})
	browser := &emulator.Browser{Issuer: e.Transport()}
	return person{
		home:     home,
		issuer:   auth.Config{HTTPClient: &http.Client{Transport: e.Transport()}},
		open:     browser.Open,
		leave:    func() { _, _ = browser.Wait(); _ = os.RemoveAll(home) },
		emulator: e,
	}
}

// signIn stores a login that the issuer knows.
func (p person) signIn() credentials.File {
	login := p.emulator.Login(emulator.LoginOptions{})
	c := credentials.Credential{
		AccessToken: credentials.NewSecret(login.AccessToken), RefreshToken: credentials.NewSecret(login.RefreshToken),
		AccountID: login.AccountID, ExpiresAt: login.ExpiresAt,
	}
	file := credentials.File{Path: filepath.Join(p.home, "auth.json")}
	if err := (auth.Keeper{File: file}).Store(c); err != nil {
		log.Fatal(err)
	}
	return file
}
