// Package archtest holds the house rules as tests, and no code.
//
// The tests read the module as text: they parse every Go file below its root,
// whatever its build constraints, and neither compile nor run any of it. One file
// holds one family of rules: the table of who imports whom (imports_test.go), what
// the public API may show (api_test.go), what only the rim of the program may touch
// (outside_test.go), how a function may end (exits_test.go), package state
// (state_test.go), opaque JSON (maps_test.go), secrets (secrets_test.go), comments
// (comments_test.go), words (words_test.go), the list of dependencies
// (dependencies_test.go) and their licences (licences_test.go, which asks `go list`).
//
// Each rule is a function from files to findings. One test applies it to this
// module, and a second one, named TestCheck…, to small trees that keep and break it:
// a rule that cannot fail is no rule. A finding says where, what, and what to do
// instead. An exception is a line in the table of its rule, with its reason.
package archtest
