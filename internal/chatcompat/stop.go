package chatcompat

// stop is a stop sequence, prepared for a search that goes through a text once,
// whatever pieces it comes in (Knuth, Morris and Pratt).
type stop struct {
	text string
	back []int // by matched length: the next shorter beginning that is an end too
}

// newStop prepares a sequence, which must not be empty.
func newStop(text string) stop {
	s := stop{text, make([]int, len(text)+1)}
	for i := 1; i < len(text); i++ {
		s.back[i+1] = s.step(s.back[i], text[i])
	}
	return s
}

// step is how much of the sequence is matched after one more byte.
func (s *stop) step(matched int, b byte) int {
	for matched > 0 && s.text[matched] != b {
		matched = s.back[matched]
	}
	if s.text[matched] == b {
		matched++
	}
	return matched
}

// cutter cuts a text at the sequence that is completed first; of several that are
// completed by the same byte, at the longest. It holds back no more than what can be
// the beginning of a sequence. As sequences are whole characters, so is what it gives.
type cutter struct {
	stops   []stop
	matched []int // by sequence
	held    string
}

func newCutter(stops []stop) *cutter {
	return &cutter{stops: stops, matched: make([]int, len(stops))}
}

// feed takes the next piece of text. It returns what can be given out, and whether the
// text ends there.
func (c *cutter) feed(text string) (out string, cut bool) {
	text, begin := c.held+text, len(c.held)
	for i := begin; i < len(text); i++ {
		if length := c.complete(text[i]); length > 0 {
			c.held = ""
			clear(c.matched)
			return text[:i+1-length], true
		}
	}
	hold := 0
	for _, matched := range c.matched {
		hold = max(hold, matched)
	}
	c.held = text[len(text)-hold:]
	return text[:len(text)-hold], false
}

// complete takes a byte and returns the length of the longest sequence that it
// completes; 0 when there is none.
func (c *cutter) complete(b byte) int {
	length := 0
	for i := range c.stops {
		s := &c.stops[i]
		c.matched[i] = s.step(c.matched[i], b)
		if c.matched[i] == len(s.text) {
			length = max(length, len(s.text))
		}
	}
	return length
}

// rest is what was held back and turned out to be no stop sequence.
func (c *cutter) rest() string {
	rest := c.held
	c.held = ""
	return rest
}
