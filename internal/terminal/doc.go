// Package terminal knows what is a terminal and how to behave on one: colour,
// prompts, and which characters may reach it. It does not know what is being said.
package terminal
