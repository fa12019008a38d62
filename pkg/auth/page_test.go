package auth

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestPages(t *testing.T) {
	for name, p := range map[string]page{
		"row 45: success": donePage(),
		"row 46: failure": failedPage(&SignInError{Code: "access_denied", Description: `</p><img src="http://x" onerror=y>`}, `a "b" & <c>`),
	} {
		t.Run(name, func(t *testing.T) {
			text := p.String()
			for _, part := range []string{"<!DOCTYPE html>", `<html lang="en">`, "color-scheme: light dark", "prefers-color-scheme: dark", "Close this tab", "terminal"} {
				if !strings.Contains(strings.ReplaceAll(text, "close this tab", "Close this tab"), part) {
					t.Errorf("page lacks %q", part)
				}
			}
			for _, part := range []string{"http:", "https:", "//", "src=", "href", "@import", "url("} {
				if strings.Contains(strings.ReplaceAll(text, `src=&#34;http://x&#34;`, ""), part) {
					t.Errorf("page holds %q: it must need nothing from anywhere", part)
				}
			}
			elements := map[string]int{}
			for z := html.NewTokenizer(strings.NewReader(text)); z.Next() != html.ErrorToken; {
				token := z.Token()
				switch token.Type {
				case html.StartTagToken:
					elements[token.Data]++
				case html.EndTagToken:
					elements[token.Data]--
				}
			}
			for element, open := range elements {
				if open != 0 && element != "meta" {
					t.Errorf("<%s> is not closed", element)
				}
				if !strings.Contains(" html head meta title style body main h1 p code ", " "+element+" ") {
					t.Errorf("page has <%s>", element)
				}
			}
		})
	}
}
