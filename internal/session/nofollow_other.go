//go:build !unix

package session

// noFollow has no meaning where only an administrator makes symbolic links.
const noFollow = 0
