package session

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// BenchmarkAppend shows that an exchange costs the same however long the conversation
// is: 4 KiB each, behind so many others.
func BenchmarkAppend(b *testing.B) {
	for _, before := range []int{0, 100, 10_000} {
		b.Run(fmt.Sprintf("behind %d", before), func(b *testing.B) {
			s := New(folder(b, b.TempDir()), Config{})
			turn := s.Generate()
			defer turn.End()
			n := exchange("", "")
			n.Out = append(n.Out, item(strings.Repeat("x", 4<<10)))
			i := 0
			one := func() {
				i++
				n.Parent, n.ID = n.ID, fmt.Sprintf("r%d", i)
				add(b, turn, n)
			}
			for range before {
				one()
			}
			for b.Loop() {
				one()
			}
		})
	}
}

// BenchmarkAppendItems is an exchange of 4 KiB with so many items that have an id.
func BenchmarkAppendItems(b *testing.B) {
	for _, count := range []int{0, 1, 4, 16, 64} {
		text := strings.Repeat("x", 4<<10/max(1, count))
		node := func(i int) Node {
			n := exchange(fmt.Sprintf("r%d", i), "")
			for j := range count {
				n.Out = append(n.Out, message(fmt.Sprintf("msg_%050d_%d", i, j), text))
			}
			if count == 0 {
				n.Out = append(n.Out, item(text))
			}
			return n
		}
		for name, open := range map[string]func() Backend{
			"folder": func() Backend { return folder(b, b.TempDir()) },
			"redis":  func() Backend { return redisBackend(b, redisServer(b)) },
		} {
			b.Run(fmt.Sprintf("%s/%d", name, count), func(b *testing.B) {
				turn := New(open(), Config{}).Generate()
				defer turn.End()
				for i := 0; b.Loop(); i++ {
					add(b, turn, node(i))
				}
			})
		}
	}
}

// BenchmarkItem finds an item among 10,000 with 4 KiB, in a session of 10 exchanges.
func BenchmarkItem(b *testing.B) {
	s := New(folder(b, b.TempDir()), Config{})
	for i := range 1000 {
		turn := s.Generate()
		for j := range 10 {
			n := exchange(fmt.Sprintf("r%d-%d", i, j), "")
			n.Out = append(n.Out, message(fmt.Sprintf("msg_%d-%d", i, j), strings.Repeat("x", 4<<10)))
			add(b, turn, n)
		}
		turn.End()
	}
	for b.Loop() {
		if _, err := s.Item(context.Background(), "msg_500-5"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkList lists sessions of 10 exchanges with 4 KiB each.
func BenchmarkList(b *testing.B) {
	for _, count := range []int{10, 1000} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			s := New(folder(b, b.TempDir()), Config{})
			for i := range count {
				turn := s.Generate()
				for j := range 10 {
					n := exchange(fmt.Sprintf("r%d-%d", i, j), "")
					n.Out = append(n.Out, item(strings.Repeat("x", 4<<10)))
					add(b, turn, n)
				}
				turn.End()
			}
			for b.Loop() {
				if list, err := s.List(context.Background()); err != nil || len(list) != count {
					b.Fatal(len(list), err)
				}
			}
		})
	}
}

// BenchmarkTurn is a turn on a session of so many exchanges: reading them is what costs.
func BenchmarkTurn(b *testing.B) {
	for _, before := range []int{1, 100} {
		b.Run(fmt.Sprint(before), func(b *testing.B) {
			s := New(folder(b, b.TempDir()), Config{})
			for i := range before {
				say(b, s, "talk", fmt.Sprintf("r%d", i))
			}
			for b.Loop() {
				turn := begin(b, s, "talk")
				_ = turn.Nodes()
				turn.End()
			}
		})
	}
}

// BenchmarkFollow finds a response among 10,000.
func BenchmarkFollow(b *testing.B) {
	s := New(folder(b, b.TempDir()), Config{})
	for i := range 1000 {
		turn := s.Generate()
		for j := range 10 {
			add(b, turn, exchange(fmt.Sprintf("r%d-%d", i, j), ""))
		}
		turn.End()
	}
	for b.Loop() {
		turn, err := s.Follow(context.Background(), "r500-5")
		if err != nil {
			b.Fatal(err)
		}
		turn.End()
	}
}

// BenchmarkRedis is a turn on a session of 10 exchanges with 4 KiB each, one of them
// added by it.
func BenchmarkRedis(b *testing.B) {
	s := New(redisBackend(b, redisServer(b)), Config{})
	i := 0
	for b.Loop() {
		if i++; i%10 == 0 {
			if err := s.Remove(context.Background(), "talk"); err != nil {
				b.Fatal(err)
			}
		}
		turn := begin(b, s, "talk")
		n := exchange(fmt.Sprintf("r%d", i), last(turn))
		n.Out = append(n.Out, item(strings.Repeat("x", 4<<10)))
		add(b, turn, n)
		turn.End()
	}
}
