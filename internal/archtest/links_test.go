package archtest

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	mdFence   = regexp.MustCompile("(?ms)^```.*?^```")
	mdCode    = regexp.MustCompile("`[^`\n]*`")
	mdLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	mdHeading = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *$`)
	mdAnchor  = regexp.MustCompile(`<a (?:id|name)="([^"]+)"`)
	notInSlug = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// checkLinks finds links in Markdown that lead to no file of the tree, or to no heading.
// Addresses on the net are not looked at.
func checkLinks(fsys fs.FS) ([]finding, error) {
	var found []finding
	ignored := ignoredNames(fsys)
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && ignored(name):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case path.Ext(name) != ".md":
			return nil
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		line := 0
		for s := range strings.Lines(withoutCode(string(text))) {
			line++
			for _, m := range mdLink.FindAllStringSubmatch(s, -1) {
				if what := badLink(fsys, name, m[1]); what != "" {
					found = append(found, finding{name, line, what, "mend the link, or the heading that it leads to"})
				}
			}
		}
		return nil
	})
	return found, err
}

// withoutCode blanks what is code, and keeps the lines.
func withoutCode(text string) string {
	text = mdFence.ReplaceAllStringFunc(text, func(block string) string { return strings.Repeat("\n", strings.Count(block, "\n")) })
	return mdCode.ReplaceAllString(text, "")
}

// badLink says what is wrong with a link of the page; nothing if it leads somewhere.
func badLink(fsys fs.FS, page, link string) string {
	if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
		return ""
	}
	target, anchor, _ := strings.Cut(link, "#")
	target = path.Join(path.Dir(page), target)
	if strings.HasPrefix(link, "#") {
		target = page
	}
	if !fs.ValidPath(target) {
		return "links to " + link + ", which is outside"
	}
	info, err := fs.Stat(fsys, target)
	switch {
	case err != nil:
		return "links to " + link + ", which does not exist"
	case anchor == "":
		return ""
	case info.IsDir():
		return "links to a heading of a folder, " + link
	}
	text, err := fs.ReadFile(fsys, target)
	if err != nil || !hasHeading(string(text), anchor) {
		return "links to " + link + ", a heading that is not there"
	}
	return ""
}

// hasHeading says whether a page has an anchor, made as GitHub makes them: lower case,
// spaces to hyphens, no punctuation, numbered when one repeats.
func hasHeading(text, anchor string) bool {
	text = mdFence.ReplaceAllString(text, "")
	for _, m := range mdAnchor.FindAllStringSubmatch(text, -1) {
		if m[1] == anchor {
			return true
		}
	}
	seen := map[string]int{}
	for _, m := range mdHeading.FindAllStringSubmatch(text, -1) {
		heading := regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(m[1], "$1")
		slug := strings.ReplaceAll(notInSlug.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
		n := seen[slug]
		seen[slug]++
		if n > 0 {
			slug += "-" + strconv.Itoa(n)
		}
		if slug == anchor {
			return true
		}
	}
	return false
}

// Issue "ready for strangers": a link check.
func TestLinks(t *testing.T) {
	found, err := checkLinks(os.DirFS(moduleRoot))
	if err != nil {
		t.Fatal(err)
	}
	report(t, found)
}

func TestCheckLinks(t *testing.T) {
	tests := []struct {
		name string
		tree map[string]string
		want []string
	}{
		{
			name: "links that lead somewhere",
			tree: map[string]string{
				"README.md": "[a](docs/a.md) [b](docs/a.md#two-words-and-code) [c](docs) [d](https://example.com/x#y) [e](#here)\n\n# Here\n`[x](y.md)`\n" +
					"```sh\n[x](z.md)\n```\n",
				"docs/a.md": "# Two words, and `code`\n## Same\n## Same\n[up](../README.md#here) [2](#same-1) [p](#p-1)\n<a id=\"p-1\"></a>\n",
			},
		},
		{
			name: "links that lead nowhere",
			tree: map[string]string{
				"README.md": "\n[a](docs/b.md) [b](docs/a.md#three)\n[c](../x.md) [d](docs#x)\n",
				"docs/a.md": "# Two\n```\n# three\n```\n[up](README.md)\n",
			},
			want: []string{
				"README.md:2: links to docs/a.md#three, a heading that is not there",
				"README.md:2: links to docs/b.md, which does not exist",
				"README.md:3: links to ../x.md, which is outside",
				"README.md:3: links to a heading of a folder, docs#x",
				"docs/a.md:5: links to README.md, which does not exist",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found, err := checkLinks(mapFS(tt.tree))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, found, tt.want)
		})
	}
}
