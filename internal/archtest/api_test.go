package archtest

import (
	"fmt"
	"go/ast"
	"strings"
	"testing"
)

// checkAPI finds what the exported API of a package below pkg/ shows of internal/ or
// of a third-party module. It follows unexported types that an exported name leads to.
func checkAPI(t tree) []finding {
	var found []finding
	for dir, files := range byDir(t.shipped()) {
		if strings.HasPrefix(dir, "pkg/") {
			found = append(found, newSurface(files).check()...)
		}
	}
	return found
}

// surface walks what a stranger can see of one package.
type surface struct {
	files   []*file
	types   map[string]typeDecl
	methods map[string][]methodDecl // by receiver type
	seen    map[string]bool
	found   []finding
}

type typeDecl struct {
	file *file
	spec *ast.TypeSpec
}

type methodDecl struct {
	file *file
	decl *ast.FuncDecl
}

func newSurface(files []*file) *surface {
	s := &surface{
		files: files, types: map[string]typeDecl{},
		methods: map[string][]methodDecl{}, seen: map[string]bool{},
	}
	for _, f := range files {
		for _, decl := range f.syntax.Decls {
			switch d := decl.(type) {
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if spec, ok := spec.(*ast.TypeSpec); ok {
						s.types[spec.Name.Name] = typeDecl{f, spec}
					}
				}
			case *ast.FuncDecl:
				if d.Recv != nil {
					on := receiver(d)
					s.methods[on] = append(s.methods[on], methodDecl{f, d})
				}
			}
		}
	}
	return s
}

func (s *surface) check() []finding {
	for _, f := range s.files {
		for _, decl := range f.syntax.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.IsExported() {
					s.walk(f, d.Type)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					s.root(f, spec)
				}
			}
		}
	}
	return s.found
}

// root enters the walk at an exported type, variable or constant.
func (s *surface) root(f *file, spec ast.Spec) {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if spec.Name.IsExported() {
			s.reach(spec.Name.Name)
		}
	case *ast.ValueSpec:
		if !anyExported(spec.Names) {
			return
		}
		if spec.Type != nil {
			s.walk(f, spec.Type)
		}
		for _, value := range spec.Values {
			s.walk(f, value)
		}
	}
}

// reach walks a type of the package, by name, and its exported methods.
func (s *surface) reach(name string) {
	t, declared := s.types[name]
	if !declared || s.seen[name] {
		return
	}
	s.seen[name] = true
	if t.spec.TypeParams != nil {
		s.walk(t.file, t.spec.TypeParams)
	}
	s.walk(t.file, t.spec.Type)
	for _, m := range s.methods[name] {
		if m.decl.Name.IsExported() {
			s.walk(m.file, m.decl.Type)
		}
	}
}

// walk goes through a type or a value, leaving out what a stranger cannot see:
// unexported fields and methods, and the bodies of functions.
func (s *surface) walk(f *file, root ast.Node) {
	ast.Inspect(root, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			s.reach(n.Name)
		case *ast.SelectorExpr:
			s.qualified(f, n)
			return false
		case *ast.Field: // its names are no types
			s.walk(f, n.Type)
			return false
		case *ast.StructType:
			s.members(f, n.Fields)
			return false
		case *ast.InterfaceType:
			s.members(f, n.Methods)
			return false
		case *ast.FuncLit:
			s.walk(f, n.Type)
			return false
		}
		return true
	})
}

func (s *surface) members(f *file, list *ast.FieldList) {
	for _, member := range list.List {
		if len(member.Names) == 0 || anyExported(member.Names) {
			s.walk(f, member.Type)
		}
	}
}

func (s *surface) qualified(f *file, e *ast.SelectorExpr) {
	qualifier, ok := e.X.(*ast.Ident)
	if !ok {
		s.walk(f, e.X)
		return
	}
	shown := qualifier.Name + "." + e.Sel.Name
	from, imported := f.imports[qualifier.Name]
	switch {
	case !imported:
		s.found = append(s.found, f.at(e, "the API shows "+shown+", and no import is plainly called "+qualifier.Name,
			"give the import a name, so that a reader knows what it is"))
	case !public(from):
		s.found = append(s.found, f.at(e, fmt.Sprintf("the API shows %s of %s", shown, from),
			"show a type of this package, of pkg/ or of the standard library, and convert inside"))
	}
}

// public says whether a stranger can import the package without fetching a module
// other than ours: the first element of a third-party path holds a dot.
func public(importPath string) bool {
	if dir, ok := ours(importPath); ok {
		return strings.HasPrefix(dir, "pkg/")
	}
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

// receiver is the name of the type that a method belongs to.
func receiver(d *ast.FuncDecl) string {
	for e := d.Recv.List[0].Type; ; {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

func anyExported(names []*ast.Ident) bool {
	for _, name := range names {
		if name.IsExported() {
			return true
		}
	}
	return false
}

func TestAPI(t *testing.T) {
	report(t, checkAPI(thisModule(t)))
}

func TestCheckAPI(t *testing.T) {
	in := func(source string) map[string]string {
		return map[string]string{"pkg/responses/r.go": `package responses

import (
	"errors"
	"net/http"
	"github.com/codexctl/codexctl/internal/sse"
	"github.com/codexctl/codexctl/pkg/credentials"
	"github.com/tidwall/gjson"
	"github.com/odd/names-go"
)
` + source}
	}
	prove(t, checkAPI, []proof{
		{
			name: "only the standard library and pkg/ show",
			tree: in(`
type Client struct {
	HTTP   *http.Client
	Secret credentials.Secret
	reader *sse.Reader
}
func New(c *http.Client) *Client { return &Client{reader: sse.NewReader(nil, 0)} }
func (c *Client) Do(r *http.Request) (*http.Response, error) { return nil, nil }
func (c *Client) parse() gjson.Result { return gjson.Result{} }
type hidden struct{ R gjson.Result }
var table = map[string]sse.Event{}
var ErrCut = errors.New("cut")
type Sink interface { Write(p []byte) error; event(e sse.Event) }
func Use(hidden string) {}
func use(hidden) sse.Event { return sse.Event{} }
`),
		},
		{
			name: "other folders show what they like",
			tree: map[string]string{
				"internal/proxy/p.go":     "package proxy\n\nimport \"github.com/tidwall/gjson\"\n\nfunc F(gjson.Result) {}",
				"pkg/responses/r_test.go": "package responses\n\nimport \"github.com/tidwall/gjson\"\n\nfunc F(gjson.Result) {}",
			},
		},
		{
			name: "parameters, results and type parameters",
			tree: in(`
func A(e sse.Event) {}
func B() (r *gjson.Result, err error) { return nil, nil }
func C[T sse.Event](f func(...T)) {}
func D(f func(yield func([]gjson.Result) bool)) {}
`),
			want: []string{
				"pkg/responses/r.go:12: the API shows sse.Event of github.com/codexctl/codexctl/internal/sse",
				"pkg/responses/r.go:13: the API shows gjson.Result of github.com/tidwall/gjson",
				"pkg/responses/r.go:14: the API shows sse.Event of github.com/codexctl/codexctl/internal/sse",
				"pkg/responses/r.go:15: the API shows gjson.Result of github.com/tidwall/gjson",
			},
		},
		{
			name: "methods, fields, embedding, interfaces and aliases",
			tree: in(`
type T struct { E []sse.Event }
func (t *T) M() gjson.Result { return gjson.Result{} }
type U struct { *sse.Reader }
type V interface { Get() map[string]gjson.Result }
type W = gjson.Result
type X[E gjson.Type] struct{}
`),
			want: []string{
				"pkg/responses/r.go:12: the API shows sse.Event of github.com/codexctl/codexctl/internal/sse",
				"pkg/responses/r.go:13: the API shows gjson.Result of github.com/tidwall/gjson",
				"pkg/responses/r.go:14: the API shows sse.Reader of github.com/codexctl/codexctl/internal/sse",
				"pkg/responses/r.go:15: the API shows gjson.Result of github.com/tidwall/gjson",
				"pkg/responses/r.go:16: the API shows gjson.Result of github.com/tidwall/gjson",
				"pkg/responses/r.go:17: the API shows gjson.Type of github.com/tidwall/gjson",
			},
		},
		{
			name: "through an unexported type",
			tree: in(`
type Shown struct { inner; N int }
type inner struct { Event sse.Event }
func (inner) Raw() gjson.Result { return gjson.Result{} }
func Get() *other { return nil }
type other struct { Result gjson.Result }
`),
			want: []string{
				"pkg/responses/r.go:13: the API shows sse.Event of github.com/codexctl/codexctl/internal/sse",
				"pkg/responses/r.go:14: the API shows gjson.Result of github.com/tidwall/gjson",
				"pkg/responses/r.go:16: the API shows gjson.Result of github.com/tidwall/gjson",
			},
		},
		{
			name: "variables and constants",
			tree: in(`
var Parse = gjson.Parse
var E sse.Event
const Limit = sse.DefaultLimit
`),
			want: []string{
				"pkg/responses/r.go:12: the API shows gjson.Parse of github.com/tidwall/gjson",
				"pkg/responses/r.go:13: the API shows sse.Event of github.com/codexctl/codexctl/internal/sse",
				"pkg/responses/r.go:14: the API shows sse.DefaultLimit of github.com/codexctl/codexctl/internal/sse",
			},
		},
		{
			name: "an import whose name cannot be told",
			tree: in("func F(n names.Name) {}"),
			want: []string{"pkg/responses/r.go:11: the API shows names.Name, and no import is plainly called names"},
		},
	})
}
