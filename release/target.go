package main

import (
	"fmt"
	"slices"
	"strings"
)

// target is a system and an architecture, as Go names them.
type target struct{ system, arch string }

func (t target) String() string { return t.system + "/" + t.arch }

// binary is what the program is called there.
func (t target) binary() string {
	if t.system == "windows" {
		return "codexctl.exe"
	}
	return "codexctl"
}

func allTargets() []string {
	return []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}
}

func parseTargets(list string) ([]target, error) {
	var targets []target
	for name := range strings.SplitSeq(list, ",") {
		if !slices.Contains(allTargets(), name) {
			return nil, fmt.Errorf("-targets: no target %q; there are %s", name, strings.Join(allTargets(), ", "))
		}
		system, arch, _ := strings.Cut(name, "/")
		targets = append(targets, target{system, arch})
	}
	return targets, nil
}
