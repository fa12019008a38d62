package responses

import (
	"testing"

	"go.uber.org/goleak"
)

// Every stream that a test opens has to be gone at its end.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
