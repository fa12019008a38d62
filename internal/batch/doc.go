// Package batch asks many questions, a few at a time, and writes down each answer as
// one line. It knows records, their order, what a second run may skip, pace, and the
// pause that one refusal means for all.
//
// How a question is answered is a function that the caller hands in; flags, prompts
// and HTTP are not known here.
//
// A run has three parts. [Read] reads and checks the whole input before anything is
// asked. [Create] or [Resume] opens the file for the answers; what Resume finds there
// is not asked again. [Run] does the work. A [Gate] may stand before each request.
package batch
