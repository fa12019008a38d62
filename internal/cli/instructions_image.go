package cli

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// checkNoImage refuses instructions that are the name of an image: in other programs
// -i attaches one.
func checkNoImage(text string) error {
	info, err := os.Stat(text)
	if err != nil || !info.Mode().IsRegular() || !imageFile(text) {
		return nil
	}
	return &usageError{
		message: "--instructions: " + text + " is an image, and instructions are text",
		hint:    `attach it: codexctl ask -a ` + shellWord(text) + ` "what is this?"`,
	}
}

// imageFile says whether a file is an image, by its name or by its first bytes.
func imageFile(name string) bool {
	if slices.Contains([]string{".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".avif", ".svg"}, strings.ToLower(filepath.Ext(name))) {
		return true
	}
	file, err := os.Open(name)
	if err != nil {
		return false
	}
	defer file.Close()
	head := make([]byte, 512)
	n, _ := io.ReadFull(file, head) // what could be read is looked at
	return strings.HasPrefix(sniff(head[:n]), "image/")
}
