//go:build !unix

package batch

import "os"

// keepOwner does nothing where files have no numeric owner.
func keepOwner(*os.File, os.FileInfo) {}
