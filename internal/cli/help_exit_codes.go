package cli

import (
	"strconv"
	"strings"
)

// exitCodes prints the table of exit codes, from the one in the code.
func (inv *invocation) exitCodes() error {
	if inv.global.wantsDocument() {
		doc := exitCodesDocument{SchemaVersion: 1, Type: "help", Items: []exitCodeDocument{}}
		for _, row := range exitMeanings() {
			doc.Items = append(doc.Items, exitCodeDocument{row.code, strings.FieldsFunc(row.codes, func(r rune) bool { return r == ',' || r == ' ' }), row.when})
		}
		return inv.document(doc)
	}
	table := grid{head: []string{"CODE", "ERROR.CODE", "WHEN"}, wraps: []int{1, 2}}
	for _, row := range exitMeanings() {
		table.rows = append(table.rows, []string{strconv.Itoa(row.code), row.codes, row.when})
	}
	return inv.grid(table)
}

// exitCodesDocument is the JSON form of the table of exit codes.
type exitCodesDocument struct {
	SchemaVersion int                `json:"schema_version"`
	Type          string             `json:"type"`
	Items         []exitCodeDocument `json:"items"`
	Error         *errorDocument     `json:"error"`
}

type exitCodeDocument struct {
	Code       int      `json:"code"`
	ErrorCodes []string `json:"error_codes"`
	When       string   `json:"when"`
}
