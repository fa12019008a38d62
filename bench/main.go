// Command bench measures codexctl against the limit of what the machine allows, side
// by side, and prints one table: what, ours, theirs, the ratio, the bar, met or not.
// What is timed is also checked: a fast wrong answer ends the run.
//
//	go run ./bench                    measure everything
//	go run ./bench -only start,serve  some of it
//	go run ./bench -quick             show that it works; the figures mean nothing
//	go run ./bench -write             and put the table into docs/benchmarks.md
//	go run ./bench -scaling           what many callers cost, into docs/scaling.md
//
// It exits with 1 when something could not be measured or was wrong, and with 3 when
// a bar was missed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/codexctl/codexctl/bench/lab"
)

// The exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
	exitMissed = 3
)

func main() {
	if len(os.Args) > 3 && os.Args[1] == lab.PeakArgument {
		os.Exit(lab.ReportPeak(os.Args[2:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// options are the flags.
type options struct {
	quick, write, scaling bool
	only                  string
}

func run(ctx context.Context, args []string) int {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.BoolVar(&o.quick, "quick", false, "one short run of each measurement")
	flags.BoolVar(&o.write, "write", false, "put the table into "+document)
	flags.BoolVar(&o.scaling, "scaling", false, "measure what many callers cost, into "+scalingDocument)
	flags.StringVar(&o.only, "only", "", "the parts to measure, with commas: "+strings.Join(partNames(), ", "))
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return exitUsage
	}
	if o.scaling {
		if err := scale(ctx, o.quick); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			return exitFailed
		}
		return 0
	}
	table, err := measure(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return exitFailed
	}
	if missed := table.missed(); missed > 0 && !o.quick {
		fmt.Fprintf(os.Stderr, "bench: %d of %d bars missed\n", missed, table.bars())
		return exitMissed
	}
	return 0
}

// measure runs the wanted parts and prints each row when it is there.
func measure(ctx context.Context, o options) (*table, error) {
	parts, err := wanted(o.only)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(os.Stderr, "bench: building")
	l, err := lab.Open(ctx, ".", o.quick)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	t := &table{}
	t.printHead(os.Stdout)
	for _, p := range parts {
		rows, err := p.measure(ctx, l)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		for _, r := range rows {
			t.add(r)
			r.print(os.Stdout)
		}
	}
	if o.write {
		return t, t.writeDocument(ctx, document)
	}
	return t, nil
}

// scale writes the page about many callers; a quick run prints what it would say.
func scale(ctx context.Context, quick bool) error {
	fmt.Fprintln(os.Stderr, "bench: building")
	l, err := lab.Open(ctx, ".", quick)
	if err != nil {
		return err
	}
	defer l.Close()
	s, err := measureScaling(ctx, l)
	if err != nil {
		return err
	}
	if quick {
		fmt.Print(s.markdown())
		return nil
	}
	return replaceBetween(scalingDocument, scalingMark, machine(ctx)+"\n"+s.markdown())
}
