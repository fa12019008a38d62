module github.com/codexctl/codexctl/e2e

go 1.26.0
