package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
)

// checkTLS says who vouches for the backend, and by which certificates that is judged.
func (d *doctor) checkTLS(context.Context) diagnosis {
	if d.fault != nil {
		return notTried("config")
	}
	a, host := d.probe(), d.base.Hostname()
	roots := "the system's certificates"
	if d.inv.global.caCert != "" {
		roots += " and " + d.inv.global.caCert
	}
	var dns *net.DNSError
	var proxy *proxyError
	switch {
	case isCertificateError(a.err):
		return diagnosis{statusFail, fmt.Sprintf("%s shows a certificate that is not trusted: %s; trusted: %s", host, innermost(a.err), roots), "if your network puts its own certificate in between: export CODEXCTL_CA_CERT=/path/of/its/ca.pem"}
	case errors.As(a.err, &dns):
		return notTried("dns")
	case errors.As(a.err, &proxy):
		return notTried("proxy")
	case a.err != nil:
		return notTried("backend")
	case a.tls == nil:
		return healthy("none: %s is reached in the clear", host)
	}
	return healthy("%s with %s, certificate by %s; trusted: %s", tls.VersionName(a.tls.Version), host, authority(a.tls), roots)
}

// isCertificateError says whether TLS failed because nobody vouches for the other side.
func isCertificateError(err error) bool {
	var verify *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &verify) || errors.As(err, &unknown) || errors.As(err, &name) || errors.As(err, &invalid)
}

// authority is who issued the certificate: a proxy that reads along shows here.
func authority(state *tls.ConnectionState) string {
	if len(state.PeerCertificates) == 0 {
		return "nobody"
	}
	issuer := state.PeerCertificates[0].Issuer
	return cmp.Or(strings.Join(issuer.Organization, ", "), issuer.CommonName, "an unnamed authority")
}
