package cli

func authCommand() command {
	return command{
		name: "auth", summary: "the login: see it, print it, renew it, move it, forget it",
		examples: []string{
			"codexctl auth status",
			`curl -H "$(codexctl auth token --format header)" …`,
			"codexctl auth status --json --transform state -r",
		},
		subs: []command{
			authLoginCommand(),
			authLoginDeviceCommand(),
			authStatusCommand(),
			authInfoCommand(),
			authTokenCommand(),
			authRefreshCommand(),
			authLogoutCommand(),
			authImportCommand(),
			authExportCommand(),
		},
	}
}
