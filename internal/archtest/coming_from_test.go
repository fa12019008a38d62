package archtest

import (
	"fmt"
	"go/ast"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// seed is a document that docs/coming-from.md answers: the heading of its tables, what it
// names, and, where the document itself is at hand, patterns that find names in it.
type seed struct {
	heading  string
	list     string // in testdata/coming-from
	document string // beside the module; it is not ours to keep here
	patterns []string
	others   []string // what the patterns find that names nothing, or has a row under a longer name
}

func seeds() []seed {
	return []seed{
		{
			heading:  "## ChatOpenAICodex of LangChain",
			list:     "langchain.txt",
			document: "langchain-chatopenaicodex.txt",
			patterns: []string{
				`(?m)[(\s,]([a-z_]+)=[^=]`,                        // options
				`\b(ChatOpenAI\w*|\w+Provider|\w+Message)`,        // classes
				`\b(login_\w+|model\.a?\w+|response\.\w+)`,        // functions
				`\b([A-Z]+_[A-Z_]+)\b`,                            // variables
				`(~/[\w./-]+)|"(gpt[\w.-]+)"|(pip .*)`,            // files, models, commands
				`(https://chatgpt\.com\S+)\n|([A-Z][a-z]+ input)`, // addresses, features
			},
			others: []string{"ChatOpenAICodexlangchain"}, // two cells of a table
		},
		{
			heading:  "## The Codex guide of CCProxy",
			list:     "ccproxy.txt",
			document: "ccproxy-codex-guide.txt",
			patterns: []string{
				`(?m)^((?:ccproxy|codex|npm|aichat) [^\n]*"?Hello world"|(?:ccproxy|codex|npm) [^\n]*)$`, // commands
				`"(\w+)": `,                              // fields
				`(/codex[\w/{}]*)[\s"]`,                  // routes
				`(?m)^(?:def|class) (\w*[a-z]\w*)[:(]`,   // functions
				`(?m)^"([^"\n]+)"¶$`,                     // messages
				`(?m)^- (\w[\w -]+): `,                   // features
				`(?m)^(gpt[\w.-]+) \||(https://auth\S+)`, // models, addresses
			},
			others: []string{
				"__init__", "/codex", "/codex/responsesfor", "OAuth2 Authentication", "User sends", "CCProxy injects", "Backend receives", "Response generated",
				"Cannot be disabled", "Counts against limits", "Billing impact", "Features",
				"ChatGPT Plus Required", "Instruction Prompt Overhead", "Model Availability",
			},
		},
	}
}

// Issue "ready for strangers": docs/coming-from.md has a row for every command, class,
// option, route, message and feature of the two documents, and its rows are tests.
func TestComingFrom(t *testing.T) {
	page := string(mustRead(t, "docs/coming-from.md"))
	known := testNames(t)
	proofs := 0
	for _, s := range seeds() {
		_, section, found := strings.Cut(page, s.heading+"\n")
		if !found {
			t.Errorf("docs/coming-from.md has no %q", s.heading)
			continue
		}
		section, _, _ = strings.Cut(section, "\n## ")
		rows := tableRows(section)
		listed := seedItems(t, s.list)
		var there []string
		for _, row := range rows {
			if len(row) != 4 || row[0] == "" || row[1] == "" || row[3] == "" {
				t.Errorf("row %q: want what it is called there and here, what differs, and what shows it", row)
				continue
			}
			for _, item := range strings.Split(row[0], ", ") {
				there = append(there, strings.Trim(item, "`"))
			}
			for _, proof := range strings.Split(row[3], ", ") {
				proofs++
				if name := strings.Trim(proof, "`"); !known(name) {
					t.Errorf("row %q: there is no test %q", row[0], name)
				}
			}
		}
		for _, item := range listed {
			if !slices.Contains(there, item) {
				t.Errorf("docs/coming-from.md has no row for %q of %s", item, s.list)
			}
		}
		for _, item := range there {
			if !slices.Contains(listed, item) {
				t.Errorf("docs/coming-from.md has a row for %q, which testdata/coming-from/%s does not list", item, s.list)
			}
		}
		holdAgainstDocument(t, s, listed)
	}
	if proofs < 100 {
		t.Errorf("read %d names of tests, want 100 or more: has the form of the page changed?", proofs)
	}
}

// holdAgainstDocument looks for the listed names in the document, and for names of the
// document in the list.
func holdAgainstDocument(t *testing.T, s seed, listed []string) {
	t.Helper()
	data, err := os.ReadFile(path.Join(moduleRoot, "..", "shared", "seeds", s.document))
	if err != nil {
		t.Logf("%s is not here: the list is taken at its word", s.document)
		return
	}
	text := string(data)
	for _, item := range listed {
		if !strings.Contains(text, item) {
			t.Errorf("testdata/coming-from/%s has %q, which the document does not", s.list, item)
		}
	}
	unused := slices.Clone(s.others)
	for _, pattern := range s.patterns {
		matches := regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1)
		if len(matches) == 0 {
			t.Errorf("the pattern %s finds nothing in %s", pattern, s.document)
		}
		for _, m := range matches {
			name := strings.TrimRight(strings.Join(m[1:], ""), " .,/")
			if i := slices.Index(unused, name); i >= 0 {
				unused = slices.Delete(unused, i, i+1)
			}
			if !slices.Contains(listed, name) && !slices.Contains(s.others, name) {
				t.Errorf("%s names %q, which testdata/coming-from/%s does not list", s.document, name, s.list)
			}
		}
	}
	for _, name := range unused {
		t.Errorf("%s does not name %q, so it need not be excepted", s.document, name)
	}
}

func seedItems(t *testing.T, name string) []string {
	t.Helper()
	var items []string
	for line := range strings.Lines(string(mustRead(t, "testdata/coming-from/"+name))) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		_, item, found := strings.Cut(line, ": ")
		if !found {
			t.Fatalf("%s: %q is not a kind and an item", name, line)
		}
		items = append(items, item)
	}
	return items
}

// tableRows is the cells of the rows of all Markdown tables, without heads and rules.
func tableRows(text string) [][]string {
	var rows [][]string
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if !strings.HasPrefix(line, "| ") || i+1 < len(lines) && strings.HasPrefix(lines[i+1], "|---") {
			continue
		}
		var cells []string
		const bar = "\x00" // stands for an escaped one
		for _, cell := range strings.Split(strings.Trim(strings.ReplaceAll(line, `\|`, bar), "|"), "|") {
			cells = append(cells, strings.ReplaceAll(strings.TrimSpace(cell), bar, "|"))
		}
		rows = append(rows, cells)
	}
	return rows
}

// testNames tells whether a name is that of a test or an example of the module or of e2e.
// What stands behind a slash is a script for TestScripts, else a case of the test.
func testNames(t *testing.T) func(name string) bool {
	t.Helper()
	var names []string
	for _, f := range thisModule(t).files {
		if !f.isTest() {
			continue
		}
		for _, decl := range f.syntax.Decls {
			if function, ok := decl.(*ast.FuncDecl); ok && function.Recv == nil {
				names = append(names, function.Name.Name)
			}
		}
	}
	clients, err := fs.Glob(os.DirFS(moduleRoot), "e2e/*_test.go")
	if err != nil || len(clients) == 0 {
		t.Fatalf("e2e has no tests: %v", err)
	}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	for _, name := range clients {
		for _, m := range declared.FindAllSubmatch(mustRead(t, name), -1) {
			names = append(names, string(m[1]))
		}
	}
	return func(name string) bool {
		function, part, _ := strings.Cut(name, "/")
		if function == "TestScripts" {
			_, err := os.Stat(path.Join(moduleRoot, "testdata/scripts", part+".txtar"))
			return err == nil
		}
		isTest := strings.HasPrefix(function, "Test") || strings.HasPrefix(function, "Example")
		return isTest && slices.Contains(names, function)
	}
}

func mustRead(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(path.Join(moduleRoot, name))
	if err != nil {
		t.Fatal(fmt.Errorf("read %s: %w", name, err))
	}
	return data
}
