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
