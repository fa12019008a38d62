package cli

import (
	"errors"
	"net"
	"net/url"
)

// networkOutcome is about an error that no table knows: a fault of the transport on
// the way to the issuer, else one of our own.
func networkOutcome(err error) outcome {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return outcome{exit: exitTimeout, code: "timeout", hint: "try again, or allow more time: --connect-timeout 30s"}
	}
	var address *url.Error
	var operation *net.OpError
	if errors.As(err, &address) || errors.As(err, &operation) {
		return outcome{exit: exitNetwork, code: "network", hint: hintDoctor}
	}
	return outcome{exit: exitFailure, code: "internal"}
}
