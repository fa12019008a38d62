package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/codexctl/codexctl/bench/lab"
)

// measureList is the listing of a thousand conversations.
func measureList(ctx context.Context, l *lab.Lab) ([]row, error) {
	few, many := 10, 1000
	runs, err := runsBySize(ctx, l, listed, few, many)
	if err != nil {
		return nil, err
	}
	return []row{{
		what: fmt.Sprintf("session: sessions list, %d conversations", many),
		ours: duration(runs[1].Wall()), theirs: duration(runs[0].Wall()), rival: fmt.Sprintf("%d conversations", few),
		value: lab.Ratio(runs[1], runs[0], lab.Wall), unit: "×",
	}}, nil
}

// listed is `sessions list` in a folder of so many conversations with ten turns.
func listed(ctx context.Context, l *lab.Lab, b *lab.Backend, count int) (lab.Command, error) {
	state := l.Path(fmt.Sprintf("list-%d", count))
	store, err := openStore(filepath.Join(state, "codexctl", "sessions"))
	if err != nil {
		return lab.Command{}, err
	}
	defer store.Close()
	for i := range count {
		talk, err := beginTalk(ctx, store, fmt.Sprintf("talk-%d", i), 4<<10)
		if err != nil {
			return lab.Command{}, err
		}
		err = talk.add(ctx, l.Times(10))
		talk.turn.End()
		if err != nil {
			return lab.Command{}, err
		}
	}
	command := ours(l, b, "sessions", "list", "--json")
	command.Env = append(command.Env, "XDG_STATE_HOME="+state)
	command.Stdout = l.Path("list")
	command.Check = func() error {
		var list struct {
			Items []struct {
				ID string `json:"id"`
			} `json:"items"`
		}
		data, err := os.ReadFile(command.Stdout)
		if err == nil {
			err = json.Unmarshal(data, &list)
		}
		names := make(map[string]bool)
		for _, item := range list.Items {
			names[item.ID] = strings.HasPrefix(item.ID, "talk-")
		}
		if err != nil || len(names) != count || len(list.Items) != count {
			return fmt.Errorf("%d conversations are listed, want %d; %w", len(list.Items), count, err)
		}
		return nil
	}
	return command, nil
}
