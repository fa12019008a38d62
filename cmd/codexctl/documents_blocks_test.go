package main

// blockWant is how a block of a document is run, and what must come of it.
type blockWant struct {
	// elsewhere is the test that runs it instead.
	elsewhere string

	// shell is which shell it is for, if not every one; needs is which programs it uses that may be missing.
	shell string
	needs []string

	// before and after are lines in front of it and behind it: a variable that it uses, a
	// command that its reader has.
	before, after string

	// signedOut leaves out the login, server has a server at localhost:8000.
	signedOut, server bool

	// stays is what a command prints that then runs until it is ended.
	stays string

	// code is the exit code, prints what must be in the output.
	code   int
	prints string
}

// documentBlocks says how blocks are run that do not simply succeed where there is a
// login. The key is the page and the block's first line.
func documentBlocks() map[string]blockWant {
	const (
		answered  = "You said: "
		listening = "http://"
		login     = `LOGIN=$(codexctl auth export -y)` + "\n"
		work      = "codexctl ask -q --session work hi\n"
	)
	blocks := map[string]blockWant{
		"README.md: make demo    # builds bin/codexctl and shows it at work against the emulator":                 {elsewhere: "sh scripts/readme.sh"},
		"README.md: make build                                  # bin/codexctl; put it on your PATH":              {signedOut: true, before: "make() { :; }", prints: answered + "hello"},
		"README.md: codexctl serve                              # http://localhost:8000/v1 for any OpenAI client": {stays: listening},
		"README.md: codexctl emulator exec --scene usage-limit -- sh -c 'codexctl ask hi || echo \"exit $?\"'":    {code: 8, prints: "exit 5"},
		"README.md: $ codexctl ask \"why is the sky blue?\"":                                                      {needs: []string{"jq", "tail"}},
		"README.md: package main": {elsewhere: "TestProgramOfTheReadme"},

		"docs/ask.md: codexctl ask -f notes.txt -f plan.md \"what is missing in the plan?\"":     {shell: "bash", needs: []string{"git"}, before: "curl() { cat report.pdf; }", prints: answered},
		"docs/ask.md: codexctl ask \"My name is Alice\"            # on a terminal this is kept": {before: "export CODEXCTL_LOG=1", prints: "Your name is Alice."},
		"docs/ask.md: codexctl ask --schema 'name, age int' \"invent a person\"":                 {prints: `"name"`},

		"docs/batch.md: tries=6": {elsewhere: "TestBatchLoopOfTheDocumentEnds"},
		"docs/batch.md: codexctl batch questions.jsonl -o answers.jsonl           # a record per line in, a record per line out": {needs: []string{"jq"}, before: "codexctl() { test \"$2\" != - || rm answers.jsonl; command codexctl \"$@\"; }", prints: answered + "tree"},

		"docs/ci.md: # In the job, with both secrets as variables of the same names:": {needs: []string{"git"}, before: `eval "$(codexctl auth export --format env --access-only -y)"`, after: "grep -q 'a new line' review.txt"},
		"docs/ci.md: set -eu": {needs: []string{"sha256sum"}, before: `CODEX_LOGIN=$(codexctl auth export -y)`, after: "grep 'a test' summary.txt"},
		"docs/ci.md: codexctl ask --json \"$prompt\" > result.json || case $? in": {needs: []string{"jq"}, before: "prompt=hi"},

		"docs/serve.md: codexctl serve                     # http://localhost:8000, for this machine only":                               {stays: listening},
		"docs/serve.md: codexctl emulator exec -- codexctl serve":                                                                        {stays: listening},
		"docs/serve.md: codexctl serve -p 0 --json":                                                                                      {stays: `"url"`},
		"docs/serve.md: curl http://localhost:8000/v1/chat/completions -H 'Content-Type: application/json' \\":                           {needs: []string{"curl"}, server: true, prints: answered},
		"docs/serve.md: curl localhost:8000/codex/alice/responses -d '{\"input\": \"My name is Alice\"}'":                                {needs: []string{"curl"}, server: true, prints: "Your name is Alice."},
		"docs/serve.md: eval \"$(codexctl serve --print-env)\"":                                                                          {after: "echo $OPENAI_BASE_URL", prints: "/v1"},
		"docs/serve.md: from openai import OpenAI":                                                                                       {server: true, after: "print(client.responses.create(model='gpt-5.5', input='hi').output_text)", prints: answered},
		"docs/serve.md: from langchain_openai import ChatOpenAI":                                                                         {server: true, after: "print(llm.invoke('hi').content)", prints: answered},
		"docs/serve.md: client := openai.NewClient(option.WithBaseURL(\"http://localhost:8000/v1\"), option.WithAPIKey(\"not-needed\"))": {elsewhere: "TestGoSDKResponses"},

		"docs/shell.md: eval \"$(codexctl completion bash)\"":       {shell: "bash"},
		"docs/shell.md: eval \"$(codexctl completion zsh)\"":        {shell: "zsh", before: "autoload -Uz compinit && compinit -u -D"},
		"docs/shell.md: fpath=(~/.zfunc $fpath)":                    {shell: "zsh"},
		"docs/shell.md: codexctl man | man -l -":                    {needs: []string{"man"}, prints: "codexctl"},
		"docs/shell.md: codexctl man --dir ~/.local/share/man/man1": {needs: []string{"man"}, prints: "ask"},
		"docs/shell.md: codexctl __complete fish ask --color ''":    {prints: "never"},

		"docs/releases.md: sha256sum --check --ignore-missing SHA256SUMS":                                      {needs: []string{"sha256sum"}, before: "sha256sum notes.txt >SHA256SUMS", prints: "notes.txt: OK"},
		"docs/releases.md: make dist-verify                              # two builds in two places, compared": {elsewhere: "make dist-verify"},

		`docs/scaling.md: codexctl serve --host 0.0.0.0 --allow-host models.example.com --api-key-file /run/secrets/key \`: {elsewhere: "TestServeReplicasShareConversations"},

		"docs/dependencies.md: CGO_ENABLED=0 go build -trimpath -tags urfave_cli_no_docs -o codexctl ./cmd/codexctl": {elsewhere: "TestTheBinaryIsSmall"},
	}
	for line, want := range map[string]blockWant{
		"codexctl serve":             {stays: listening},
		"codexctl serve -p 0 --json": {stays: `"url"`},
		"codexctl serve --host 0.0.0.0 --allow-host box.lan --api-key-file key.txt":                    {stays: listening},
		"codexctl serve --session-store redis://localhost:6379/0":                                      {elsewhere: "TestServeReplicasShareConversations"},
		"codexctl serve --check http://localhost:8000":                                                 {server: true},
		"codexctl emulator start --env-file emulator.env":                                              {stays: "export "},
		"codexctl emulator start --addr 127.0.0.1:8099 --scene overloaded":                             {stays: "export "},
		"codexctl emulator start --env-file emulator.env & sleep 1; . ./emulator.env; codexctl ask hi": {before: "sleep() { until test -s emulator.env; do command sleep 0.1; done; }", after: "kill $!", prints: answered},
		"codexctl sessions show":                                                       {before: work},
		"codexctl sessions show work --text > work.txt":                                {before: work},
		"codexctl sessions show --json --transform items":                              {before: work},
		"codexctl sessions list --json --transform items.0.id -r":                      {before: work, prints: "work"},
		"codexctl sessions rm --all -y":                                                {before: work},
		"codexctl sessions rm work":                                                    {before: work, code: 2},
		"codexctl sessions path work":                                                  {before: work},
		"codexctl auth login":                                                          {signedOut: true, prints: "Signed in"},
		"codexctl auth login --no-browser":                                             {signedOut: true, before: "codexctl() { command codexctl \"$@\" 2>&1 | while read -r line; do echo \"$line\"; case $line in http*authorize*) visit \"$line\" & ;; esac; done; }", prints: "Signed in"},
		"codexctl auth login-device":                                                   {signedOut: true, prints: "Signed in"},
		"id=$(codexctl auth login-device --start --transform id -r)":                   {signedOut: true},
		"codexctl auth login-device --complete \"$id\" --wait 10m":                     {signedOut: true, before: "id=$(codexctl auth login-device --start --transform id -r)", prints: "Signed in"},
		"printf '%s' \"$LOGIN\" | codexctl auth login --with-token":                    {before: login + "codexctl auth logout -y"},
		"printf '%s' \"$LOGIN\" | codexctl auth import -":                              {before: login + "codexctl auth logout -y"},
		"codexctl auth import --from codex -y":                                         {before: "mkdir ~/.codex; codexctl auth export --format codex -y >~/.codex/auth.json; codexctl auth logout -y"},
		"codexctl auth import backup.json":                                             {signedOut: true},
		"codexctl auth logout":                                                         {code: 2},
		"curl -H \"$(codexctl auth token --format header)\" …":                         {before: "curl() { echo \"$@\"; }", prints: "Bearer "},
		"\"${EDITOR:-vi}\" \"$(codexctl config path)\"":                                {before: "EDITOR=echo", prints: "config.toml"},
		"codexctl batch --lines -i \"Translate into French.\" words.txt | jq -r .text": {needs: []string{"jq"}, prints: answered + "tree"},
		"codexctl man | man -l -":                                                      {needs: []string{"man"}, prints: "codexctl"},
		"codexctl man auth login | man -l -":                                           {needs: []string{"man"}, prints: "login"},
		"eval \"$(codexctl completion bash)\"":                                         {shell: "bash"},
		"codexctl completion fish > ~/.config/fish/completions/codexctl.fish":          {before: "mkdir -p ~/.config/fish/completions"},
	} {
		blocks["docs/commands.md: "+line] = want
	}
	return blocks
}
