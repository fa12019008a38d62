package terminal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// plainConfirm asks with a line and reads a line.
func plainConfirm(in io.Reader, out io.Writer, question string) (bool, error) {
	if _, err := fmt.Fprintf(out, "%s [y/N] ", question); err != nil {
		return false, fmt.Errorf("ask: %w", err)
	}
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && line == "" && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("ask: %w", err)
	}
	yes, _ := yesOrNo(line)
	return yes, nil
}

// plainChoose asks with numbered lines and reads a number.
func plainChoose(in io.Reader, out io.Writer, question string, options []string) (int, error) {
	text := question + "\n"
	for i, option := range options {
		text += fmt.Sprintf("  %d) %s\n", i+1, option)
	}
	if _, err := fmt.Fprintf(out, "%s[1-%d] ", text, len(options)); err != nil {
		return 0, fmt.Errorf("ask: %w", err)
	}
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && line == "" && !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("ask: %w", err)
	}
	number, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || number < 1 || number > len(options) {
		return 0, fmt.Errorf("ask: want a number from 1 to %d", len(options))
	}
	return number - 1, nil
}
