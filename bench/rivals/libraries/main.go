// Command libraries is the least that a program with the given libraries costs: it
// links all five, and says one line.
package main

import (
	"os"

	"github.com/AlecAivazis/survey/v2"
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

func use(args []string) {
	app := &cli.App{Name: "libraries", Action: func(c *cli.Context) error {
		var answer bool
		if isatty.IsTerminal(os.Stdin.Fd()) {
			if err := survey.AskOne(&survey.Confirm{Message: c.App.Name}, &answer); err != nil {
				return err
			}
		}
		_, err := color.New(color.FgGreen).Println(gjson.Get(args[1], "a").String(), answer)
		return err
	}}
	if err := app.Run(args); err != nil {
		os.Exit(1)
	}
}
