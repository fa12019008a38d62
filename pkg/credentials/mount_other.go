//go:build !linux

package credentials

// replaceable knows only Linux's mount points.
func replaceable(string) error { return nil }
