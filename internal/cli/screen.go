package cli

// usualColumns is taken for a pipe, and for a terminal that does not say how wide it is.
const usualColumns = 80

// columns is how wide stdout is.
func (env *Env) columns() int {
	if env.Size != nil {
		if columns, _ := env.Size(); columns > 0 {
			return columns
		}
	}
	return usualColumns
}

// stderrColumns is how wide stderr is.
func (env *Env) stderrColumns() int {
	if env.StderrWidth != nil {
		if columns := env.StderrWidth(); columns > 0 {
			return columns
		}
	}
	return usualColumns
}

// stderrRedraws says whether stderr may have a line that changes: a terminal that can
// move its cursor shows it, and it is no log of somebody's CI.
func (env *Env) stderrRedraws() bool {
	return env.StderrTerminal && !truthy(env.Getenv("CI")) && env.Getenv("TERM") != "dumb"
}
