package chatcompat

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// cutPlainly is the rule without any cleverness: the sequence that is completed first
// ends the text, the longest if several are.
func cutPlainly(text string, stops []string) (string, bool) {
	for end := range len(text) + 1 {
		longest := 0
		for _, s := range stops {
			if strings.HasSuffix(text[:end], s) {
				longest = max(longest, len(s))
			}
		}
		if longest > 0 {
			return text[:end-longest], true
		}
	}
	return text, false
}

func TestStop(t *testing.T) {
	tests := []struct {
		name   string
		stops  string
		deltas []string
		want   string
		cut    bool
	}{
		{"in one delta", `"END"`, []string{"abENDcd"}, "ab", true},
		{"across deltas", `["END"]`, []string{"abE", "N", "Dcd"}, "ab", true},
		{"a false beginning is given after all", `"END"`, []string{"abE", "N", "Ecd"}, "abENEcd", false},
		{"a beginning at the end", `"END"`, []string{"abEN"}, "abEN", false},
		{"overlapping with itself", `"aab"`, []string{"aaa", "ab!"}, "aa", true},
		{"the first to be complete", `["abcd","c"]`, []string{"abc", "d"}, "ab", true},
		{"the longest of two", `["lo","hello"]`, []string{"say hel", "lo"}, "say ", true},
		{"at the very beginning", `"x"`, []string{"xyz"}, "", true},
		{"whole characters", `"é!"`, []string{"caf\u00e9", "?\u00e9", "!"}, "café?", true},
		{"a shared first byte", `"é"`, []string{"è", "ê", "é"}, "èê", true},
		{"a line end", `"\n\n"`, []string{"a\n", "b\n", "\nc"}, "a\nb", true},
		{"no sequence", `[]`, []string{"abc"}, "abc", false},
		{"an empty one", `["",""]`, []string{"abc"}, "abc", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := plan(t, withField("stop", tt.stops), Options{})
			between := []string{created}
			for _, text := range tt.deltas {
				between = append(between, textDelta(text))
			}
			all := events(append(between, completed)...)
			got := both(t, p, all, nil)
			if got.Content != tt.want || got.Finish != "stop" {
				t.Errorf("got %q, %q; want %q", got.Content, got.Finish, tt.want)
			}
			_, c := stream(p, all, nil)
			if c.Cut() != tt.cut || (c.Usage() == nil) != tt.cut {
				t.Errorf("Cut = %v, Usage = %v", c.Cut(), c.Usage())
			}
			if object, _ := collect(p, all, nil); strings.Contains(object, `"usage"`) == tt.cut {
				t.Errorf("usage in %s", object)
			}
		})
	}
}

// However a text is taken apart, the cut is the same, and no half character is given.
func TestStopDoesNotDependOnTheDeltas(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	letters := []rune("aabé€")
	word := func(most int) string {
		var b strings.Builder
		for range 1 + random.IntN(most) {
			b.WriteRune(letters[random.IntN(len(letters))])
		}
		return b.String()
	}
	for range 20_000 {
		text := word(30)
		stops := []string{word(4), word(6), word(9)}
		c := newCutter([]stop{newStop(stops[0]), newStop(stops[1]), newStop(stops[2])})
		var got strings.Builder
		cut := false
		for rest := []rune(text); len(rest) > 0 && !cut; {
			n := 1 + random.IntN(len(rest))
			var out string
			out, cut = c.feed(string(rest[:n]))
			if !utf8.ValidString(out) {
				t.Fatalf("half a character in %q", out)
			}
			got.WriteString(out)
			rest = rest[n:]
		}
		got.WriteString(c.rest())
		want, wantCut := cutPlainly(text, stops)
		if got.String() != want || cut != wantCut {
			t.Fatalf("%q at %q: got %q, %v; want %q, %v", text, stops, got.String(), cut, want, wantCut)
		}
	}
}

// Nothing is held back that cannot become a stop sequence.
func TestStopHoldsBackLittle(t *testing.T) {
	c := newCutter([]stop{newStop("END"), newStop("\n\nQ")})
	for _, tt := range []struct{ in, out string }{{"abc", "abc"}, {"xE", "x"}, {"E", "E"}, {"\n", "E"}, {"a", "\na"}} {
		if out, _ := c.feed(tt.in); out != tt.out {
			t.Errorf("%q gave %q, want %q", tt.in, out, tt.out)
		}
	}
}

func TestCap(t *testing.T) {
	deltas := []string{textDelta("a"), textDelta("b"), textDelta("c")}
	for limit := 1; limit <= 4; limit++ {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			p := plan(t, withField("max_tokens", fmt.Sprint(limit)), Options{})
			all := events(append(append([]string{created}, deltas...), completed)...)
			got := both(t, p, all, nil)
			want, finish := "abc"[:min(limit, 3)], "length"
			if limit >= 3 {
				finish = "stop" // that is all there was
			}
			if got.Content != want || got.Finish != finish {
				t.Errorf("got %q, %q; want %q, %q", got.Content, got.Finish, want, finish)
			}
		})
	}
}

func TestCapGivesWhatStopHeldBack(t *testing.T) {
	request := strings.TrimSuffix(withField("stop", `"END"`), "}") + `,"max_completion_tokens":2}`
	got := both(t, plan(t, request, Options{}), events(created, textDelta("a"), textDelta("bEN"), textDelta("Dc"), completed), nil)
	if got.Content != "abEN" || got.Finish != "length" {
		t.Errorf("got %+v", got)
	}
}

// What is kept of a cut answer is what the client got to see.
func TestTextOfACutAnswer(t *testing.T) {
	capped := strings.TrimSuffix(withField("stop", `"END"`), "}") + `,"max_tokens":2}`
	tests := []struct{ name, request, want string }{
		{"by a stop sequence", withField("stop", `"END"`), "aé"},
		{"by the cap", withField("max_tokens", "2"), "aéEN"},
		{"by the cap, with text held back", capped, "aéEN"},
		{"not at all", someRequest, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := plan(t, tt.request, Options{}).Choice(someHead(), 0)
			for _, e := range events(created, summaryDelta(0, "x"), textDelta("a"), textDelta("éEN"), textDelta("D")) {
				c.Chunks(nil, e)
			}
			before := c.Text()
			c.End(nil, nil)
			if before != tt.want || c.Text() != tt.want {
				t.Errorf("before the end %q, after it %q; want %q", before, c.Text(), tt.want)
			}
		})
	}
}

func TestNothingFollowsACut(t *testing.T) {
	p := plan(t, withField("stop", `"END"`), Options{})
	c := p.Choice(someHead(), 0)
	item := `{"type":"response.output_item.done","output_index":1,"item":{"type":"message","content":[{"type":"output_text","text":"aEND"},{"type":"output_text","text":"b"}]}}`
	whole := strings.Replace(completed, `"output":[]`, `"output":[`+strings.TrimSuffix(item[strings.Index(item, `{"type":"message"`):], "}")+`,{"type":"function_call","call_id":"c","name":"f","arguments":""}]`, 1)
	for _, data := range []string{whole, textDelta("x"), callDone(3, "f", "{}")} {
		c.Add(event(data))
	}
	c.End(nil, nil)
	got, err := readCompletion(string(Completion(someHead(), []*Choice{c})))
	if err != nil || got.Content != "a" || len(got.Calls) > 0 || got.Finish != "stop" {
		t.Errorf("got %+v, %v", got, err)
	}
}
