// Command network is what a program costs that links the given libraries and the
// standard library's HTTP client: it says one line, and asks nobody.
package main

import (
	"net/http"
	"os"

	"github.com/AlecAivazis/survey/v2/terminal"
	"github.com/fatih/color"
	"github.com/mattn/go-isatty"
	"github.com/tidwall/gjson"
	"github.com/urfave/cli/v2"
)

func main() {
	if len(os.Args) > 1 { // never in a measurement; keeps the libraries linked
		use(os.Args)
		return
	}
	_, _ = os.Stdout.WriteString("hello\n")
}

// use enters the libraries where codexctl does, so that no template is linked.
func use(args []string) {
	response, err := http.Get(args[1])
	if err != nil {
		os.Exit(1)
	}
	name := &cli.StringFlag{Name: response.Status}
	cursor := terminal.Cursor{In: os.Stdin, Out: os.Stdout}
	if !isatty.IsTerminal(os.Stdin.Fd()) || cursor.Up(1) != nil {
		os.Exit(1)
	}
	_, _ = color.New(color.FgGreen).Println(gjson.Get(args[1], "a").String(), name)
}
