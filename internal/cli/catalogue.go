package cli

import (
	"github.com/codexctl/codexctl/internal/catalogue"
	"github.com/codexctl/codexctl/pkg/responses"
)

// catalogue is the list of models of whoever is signed in; account says who that is.
// Nothing is read before somebody asks it, and a folder that cannot be written costs
// speed alone.
func (inv *invocation) catalogue(client *responses.Client, account func() string) *catalogue.Catalogue {
	return &catalogue.Catalogue{
		ListIf: client.ModelsIf, Now: inv.env.Now, Folder: inv.cacheDir(),
		Key: func() catalogue.Key {
			key := catalogue.Key{BaseURL: client.BaseURL, ClientVersion: client.ClientVersion}
			if key.ClientVersion == "" {
				key.ClientVersion = responses.DefaultClientVersion
			}
			// With -H these make it the list of somebody whom we do not know.
			for _, name := range []string{"Authorization", "Chatgpt-Account-Id"} {
				if _, replaced := client.Header[name]; replaced {
					return key
				}
			}
			key.Account = account()
			return key
		},
	}
}
