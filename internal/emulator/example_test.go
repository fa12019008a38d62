package emulator_test

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"

	"github.com/codexctl/codexctl/internal/emulator"
)

// A test signs somebody in, chooses a scene, sends a request in memory and looks
// at what was sent and answered.
func Example() {
	e := emulator.New(emulator.Config{Scene: emulator.Scene{Text: "Good morning"}})
	login := e.Login(emulator.LoginOptions{Plan: "pro"})

	body := `{"model":"gpt-5.5","instructions":"","input":[{"role":"user","content":"hi"}],"store":false,"stream":true}`
	request, _ := http.NewRequest("POST", "https://chatgpt.com/backend-api/codex/responses", strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+login.AccessToken)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "example/1.0")

	client := http.Client{Transport: e.Transport()}
	response, err := client.Do(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			fmt.Println(name)
		}
	}
	fmt.Println(e.Journal("/backend-api/codex/responses")[0].Header.Get("Authorization"))
	// Output:
	// response.created
	// response.in_progress
	// response.output_item.added
	// response.content_part.added
	// response.output_text.delta
	// response.output_text.delta
	// response.output_text.done
	// response.content_part.done
	// response.output_item.done
	// response.completed
	// Bearer ***
}
