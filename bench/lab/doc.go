// Package lab is what measurements need: built programs in a folder of their own,
// whole processes run in turn and accounted for by the system, a backend to ask, and
// the arithmetic of samples.
package lab
