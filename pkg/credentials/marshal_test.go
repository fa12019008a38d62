package credentials

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
)

// A login does not marshal: whatever is made of it holds masks. Only Encode writes tokens.
func TestCredentialDoesNotMarshal(t *testing.T) {
	const canary = "canary"
	c := Credential{AccessToken: NewSecret(canary + "-a"), RefreshToken: NewSecret(canary + "-r"), IDToken: NewSecret(canary + "-i"), AccountID: "acc"}
	document, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := xml.Marshal(c.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"JSON": string(document), "XML": string(tokens), "printed": fmt.Sprintf("%v %+v %#v %s", c, c, c, c),
	} {
		if strings.Contains(text, canary) || !strings.Contains(text, mask) && name != "XML" {
			t.Errorf("%s is %s, want masks", name, text)
		}
	}
	var back Credential
	if err := json.Unmarshal(document, &back); err == nil && back.SameTokens(c) {
		t.Error("the login came back from JSON")
	}
	stored, err := Encode(c, Flat)
	if err != nil || !strings.Contains(string(stored), canary+"-r") {
		t.Errorf("Encode: %v, want a file with the tokens", err)
	}
}
