package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/tidwall/gjson"
)

// errUnhealthy is a server that answers and cannot do its work.
var errUnhealthy = errors.New("the server is not healthy")

// checkTime bounds a health check.
const checkTime = 5 * time.Second

// checkHealth asks a running server how it is: for containers, which have no curl. An
// address without a path means /health, which is well as long as the server is up.
func (o *serveOptions) checkHealth(ctx context.Context, inv *invocation, key string) error {
	address, err := url.Parse(o.check)
	if err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https" {
		return usagef("--check wants an address such as http://localhost:8000, not %q", o.check)
	}
	if address.Path == "" || address.Path == "/" {
		address.Path = "/health"
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return usagef("--check: %v", err)
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	client, err := inv.httpClient(ctx)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		said := gjson.GetManyBytes(body, "message", "error.message")
		return fmt.Errorf("%w: HTTP %d %s%s", errUnhealthy, resp.StatusCode, said[0].Str, said[1].Str)
	}
	_, err = inv.out.Write(append(body, '\n'))
	return err
}
