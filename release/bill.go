package main

import (
	"debug/buildinfo"
	"errors"
	"os"
	"path/filepath"
	"time"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
)

// writeBill writes which modules stand in a binary, as the binary itself says, in
// the form CycloneDX 1.6.
func (r *release) writeBill(t target, binary string) (err error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	out, err := os.Create(filepath.Join(r.out, r.name(t)+".cdx.json"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	encoder := cyclonedx.NewBOMEncoder(out, cyclonedx.BOMFileFormatJSON)
	encoder.SetPretty(true)
	return encoder.EncodeVersion(r.bill(t, info), cyclonedx.SpecVersion1_6)
}

func (r *release) bill(t target, info *buildinfo.BuildInfo) *cyclonedx.BOM {
	program := component(cyclonedx.ComponentTypeApplication, info.Main.Path, r.version.name)
	compiler := component(cyclonedx.ComponentTypeLibrary, "stdlib", info.GoVersion)
	components := []cyclonedx.Component{compiler}
	needs := []string{compiler.BOMRef}
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		c := component(cyclonedx.ComponentTypeLibrary, module.Path, module.Version)
		c.Properties = &[]cyclonedx.Property{{Name: "go:sum", Value: module.Sum}}
		components = append(components, c)
		needs = append(needs, c.BOMRef)
	}
	bom := cyclonedx.NewBOM()
	bom.Metadata = &cyclonedx.Metadata{
		Timestamp: r.version.date.Format(time.RFC3339),
		Component: &program,
		Properties: &[]cyclonedx.Property{
			{Name: "go:os", Value: t.system}, {Name: "go:arch", Value: t.arch}, {Name: "commit", Value: r.version.commit},
		},
	}
	bom.Components = &components
	bom.Dependencies = &[]cyclonedx.Dependency{{Ref: program.BOMRef, Dependencies: &needs}}
	return bom
}

func component(kind cyclonedx.ComponentType, path, version string) cyclonedx.Component {
	address := "pkg:golang/" + path + "@" + version
	return cyclonedx.Component{BOMRef: address, Type: kind, Name: path, Version: version, PackageURL: address}
}
